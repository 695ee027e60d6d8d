package dev.aquarelle.sd;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** Checkpoints of zeros by a list of names and shapes: all tensors are views of one small block, whatever the model's size. */
public final class ListedWeights {
    private static final DType SMALL = DType.F8_E4M3;

    private ListedWeights() {}

    /** The tensors of a resource beside this class with lines such as {@code conv_in.weight 320 4 3 3}. */
    public static Map<String, Tensor> of(String resource) {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        try (InputStream in = Objects.requireNonNull(ListedWeights.class.getResourceAsStream(resource), resource)) {
            new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().forEach(line -> {
                String[] parts = line.split(" ");
                shapes.put(
                        parts[0],
                        Shape.of(Arrays.stream(parts)
                                .skip(1)
                                .mapToInt(Integer::parseInt)
                                .toArray()));
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        long largest = shapes.values().stream().mapToLong(Shape::size).max().orElseThrow();
        MemorySegment zeros = MemorySegment.ofArray(new byte[Math.toIntExact(largest)]);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        shapes.forEach((name, shape) -> tensors.put(name, new Tensor(shape, SMALL, zeros.asSlice(0, shape.size()))));
        return tensors;
    }

    /** Zeros of a shape, to put in the place of a listed tensor. */
    public static Tensor zeros(int... dims) {
        Shape shape = Shape.of(dims);
        return new Tensor(shape, SMALL, MemorySegment.ofArray(new byte[Math.toIntExact(shape.size())]));
    }

    /** The checkpoint of these tensors, called {@code model.safetensors} in messages. */
    public static Weights weights(Map<String, Tensor> tensors) {
        return Weights.of("model.safetensors", tensors);
    }
}
