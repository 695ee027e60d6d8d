package dev.aquarelle.weights;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Weights written again with their floating-point numbers in another type, each rounded to nearest, ties to even. Integers, names, order and metadata
 * stay; the shards of an index become one file.
 *
 * @param tensors how many there are
 * @param converted how many of them had another type
 * @param bytesBefore that the numbers took
 * @param bytesAfter that they take now
 * @param overflows tensors with finite numbers that are beyond the new type's range and became infinite
 */
public record Conversion(int tensors, int converted, long bytesBefore, long bytesAfter, List<Overflow> overflows) {
    /** The types that can be written. */
    public static final Set<DType> TYPES = Set.copyOf(EnumSet.of(DType.F32, DType.F16, DType.BF16));

    /**
     * A tensor that does not fit the new type.
     *
     * @param name the tensor
     * @param count how many of its numbers became infinite
     */
    public record Overflow(String name, long count) {}

    public Conversion {
        overflows = List.copyOf(overflows);
    }

    /**
     * Converts a safetensors file, an index, or a model part's folder into one file, which appears when it is complete.
     *
     * @param to the file to write; one that is there is replaced. It may be {@code from}
     * @throws WeightsException if {@code dtype} is none of {@link #TYPES}
     * @throws SafetensorsException if {@code from} is not there or malformed
     * @throws IOException if writing fails
     */
    public static Conversion convert(Path from, Path to, DType dtype) throws IOException {
        if (!TYPES.contains(dtype)) {
            throw new WeightsException("%s: expected a type of %s to convert to, found %s"
                    .formatted(from, new ArrayList<>(EnumSet.copyOf(TYPES)), dtype));
        }
        try (Arena arena = Arena.ofShared()) {
            WeightsFile file = WeightsFile.open(from, arena);
            Scratch scratch = Scratch.forLargest(
                    file.tensors().values().stream()
                            .filter(tensor -> changes(tensor, dtype))
                            .map(Tensor::shape)
                            .toList(),
                    dtype,
                    arena);
            List<Overflow> overflows = new ArrayList<>();
            SafetensorsWriter writer = new SafetensorsWriter();
            file.metadata().forEach(writer::metadata);
            file.tensors().forEach((name, tensor) -> {
                if (changes(tensor, dtype)) {
                    writer.add(name, dtype, tensor.shape(), () -> {
                        Tensor converted = scratch.tensor(dtype, tensor.shape());
                        long overflowed = convert(tensor, converted);
                        if (overflowed > 0) {
                            overflows.add(new Overflow(name, overflowed));
                        }
                        return converted;
                    });
                } else {
                    writer.add(name, tensor);
                }
            });
            writer.write(to);
            return summary(file.tensors(), dtype, overflows);
        }
    }

    private static boolean changes(Tensor tensor, DType dtype) {
        return tensor.dtype().isFloatingPoint() && tensor.dtype() != dtype;
    }

    /** How many finite numbers became infinite. */
    private static long convert(Tensor from, Tensor to) {
        AtomicLong overflowed = new AtomicLong();
        Blocks.forEach(from.shape().size(), (first, end) -> {
            long here = 0;
            for (long i = first; i < end; i++) {
                Rounding.copy(from, to, i);
                if (Float.isInfinite(to.getFloat(i))
                        && Double.isFinite(from.dtype().readDouble(from.data(), i))) {
                    here++;
                }
            }
            overflowed.addAndGet(here);
        });
        return overflowed.get();
    }

    private static Conversion summary(Map<String, Tensor> tensors, DType dtype, List<Overflow> overflows) {
        int converted = 0;
        long before = 0;
        long after = 0;
        for (Tensor tensor : tensors.values()) {
            boolean changes = changes(tensor, dtype);
            converted += changes ? 1 : 0;
            before += tensor.data().byteSize();
            after += changes
                    ? dtype.bytesFor(tensor.shape().size())
                    : tensor.data().byteSize();
        }
        return new Conversion(tensors.size(), converted, before, after, overflows);
    }
}
