package dev.aquarelle.core.safetensors;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.TensorException;
import java.io.IOException;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The JSON part of a safetensors file, checked: the tensors cover the data without overlap or hole, and each takes exactly the bytes its
 * type and shape ask for. Format: <a href="https://huggingface.co/docs/safetensors">huggingface.co/docs/safetensors</a>.
 *
 * @param tensors by name, in the header's order
 * @param metadata free text by key, in the header's order
 */
record SafetensorsHeader(Map<String, Entry> tensors, Map<String, String> metadata) {
    /** The longest header the reference implementation reads. */
    static final int LONGEST = 100_000_000;

    static final String METADATA = "__metadata__";

    /** One tensor: its bytes are {@code begin} (inclusive) to {@code end} (exclusive) of the data behind the header. */
    record Entry(StoredType type, Shape shape, long begin, long end) {}

    /**
     * Parses and checks a header.
     *
     * @param file how messages call the file
     * @param dataBytes the bytes behind the header
     */
    static SafetensorsHeader parse(byte[] json, String file, long dataBytes) {
        Map<String, Entry> tensors = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        StrictJson.readObject(json, file, (reader, name) -> {
            if (name.equals(METADATA)) {
                reader.objectOrNull(
                        () -> METADATA,
                        key -> metadata.put(key, reader.string(() -> METADATA + "." + StrictJson.quote(key))));
            } else {
                tensors.put(name, entry(reader, () -> StrictJson.quote(name)));
            }
        });
        checkCoverage(tensors, file, dataBytes);
        return new SafetensorsHeader(Collections.unmodifiableMap(tensors), Collections.unmodifiableMap(metadata));
    }

    /** The fields of an entry as they are read, in any order. */
    private static final class Fields {
        @Nullable
        StoredType dtype;

        @Nullable
        Shape shape;

        @Nullable
        List<Long> offsets;
    }

    private static Entry entry(StrictJson reader, Supplier<String> name) throws IOException {
        Fields fields = new Fields();
        reader.object(name, key -> {
            switch (key) {
                case "dtype" -> fields.dtype = dtype(reader, name);
                case "shape" -> fields.shape = shape(reader, name);
                case "data_offsets" -> fields.offsets = reader.naturals(() -> name.get() + ".data_offsets");
                default -> reader.skip(name); // as the reference implementation does: a later version's, perhaps
            }
        });
        StoredType dtype = fields.dtype;
        Shape shape = fields.shape;
        List<Long> offsets = fields.offsets;
        if (dtype == null || shape == null || offsets == null) {
            throw reader.failure("%s: expected dtype, shape and data_offsets, found no %s"
                    .formatted(name.get(), dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets"));
        }
        if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
            throw reader.failure("%s: expected data_offsets [begin, end], found %s".formatted(name.get(), offsets));
        }
        long bytes = offsets.get(1) - offsets.get(0);
        long expected = bytesOf(dtype, shape, name, reader);
        if (expected != bytes) {
            throw reader.failure("%s: expected %d bytes for %s %s, found data_offsets %s, which are %d bytes"
                    .formatted(name.get(), expected, dtype, shape, offsets, bytes));
        }
        return new Entry(dtype, shape, offsets.get(0), offsets.get(1));
    }

    private static StoredType dtype(StrictJson reader, Supplier<String> name) throws IOException {
        String text = reader.string(() -> name.get() + ".dtype");
        StoredType dtype = StoredType.of(text);
        if (dtype == null) {
            throw reader.failure("%s: expected a dtype of %s, found %s"
                    .formatted(name.get(), StoredType.names(), StrictJson.quote(text)));
        }
        return dtype;
    }

    private static Shape shape(StrictJson reader, Supplier<String> name) throws IOException {
        List<Long> dims = reader.naturals(() -> name.get() + ".shape");
        for (long dim : dims) {
            if (dim > Integer.MAX_VALUE) {
                throw reader.failure("%s: expected axes below 2^31, found shape %s".formatted(name.get(), dims));
            }
        }
        try {
            return Shape.of(dims.stream().mapToInt(Long::intValue).toArray());
        } catch (TensorException e) {
            throw reader.failure("%s: %s".formatted(name.get(), e.getMessage()), e);
        }
    }

    private static long bytesOf(StoredType dtype, Shape shape, Supplier<String> name, StrictJson reader) {
        try {
            return dtype.bytesFor(shape.size());
        } catch (TensorException e) {
            throw reader.failure("%s: %s".formatted(name.get(), e.getMessage()), e);
        }
    }

    private static void checkCoverage(Map<String, Entry> tensors, String file, long dataBytes) {
        List<Map.Entry<String, Entry>> inFileOrder = tensors.entrySet().stream()
                .sorted(Comparator.comparingLong(
                                (Map.Entry<String, Entry> e) -> e.getValue().begin())
                        .thenComparingLong(e -> e.getValue().end()))
                .toList();
        long covered = 0;
        for (Map.Entry<String, Entry> tensor : inFileOrder) {
            Entry entry = tensor.getValue();
            if (entry.begin() != covered) {
                throw new SafetensorsException(
                        "%s: %s: expected to begin at byte %d of the data, where the tensor before it ends, found %d"
                                .formatted(file, StrictJson.quote(tensor.getKey()), covered, entry.begin()));
            }
            if (entry.end() > dataBytes) {
                throw new SafetensorsException(
                        "%s: %s: expected to end within the %d bytes of data, found end %d: the file is incomplete"
                                .formatted(file, StrictJson.quote(tensor.getKey()), dataBytes, entry.end()));
            }
            covered = entry.end();
        }
        if (covered != dataBytes) {
            throw new SafetensorsException("%s: expected the file to end with its last tensor, found %d bytes behind it"
                    .formatted(file, dataBytes - covered));
        }
    }
}
