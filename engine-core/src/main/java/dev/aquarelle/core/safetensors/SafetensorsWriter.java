package dev.aquarelle.core.safetensors;

import com.google.gson.stream.JsonWriter;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Writes safetensors files. The header lists the tensors in the order they were added; the data has those of wide types first, so that
 * every tensor begins at a multiple of its numbers' size, and the data begins at a multiple of 64 bytes. Equal input gives equal bytes.
 *
 * <p>Numbers are asked for when they are written, one tensor at a time: a model larger than the memory can be written.
 */
public final class SafetensorsWriter {
    private static final int DATA_ALIGNMENT = 64;
    private static final int CHUNK = 1 << 20;

    /** Where the numbers of a tensor come from when its turn is there. */
    @FunctionalInterface
    public interface Source {
        /**
         * The tensor, of the type and shape that were announced.
         *
         * @throws IOException if what it is made from cannot be read
         */
        Tensor tensor() throws IOException;
    }

    private record Planned(DType dtype, Shape shape, Source source) {
        long bytes() {
            return dtype.bytesFor(shape.size());
        }
    }

    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final Map<String, Planned> tensors = new LinkedHashMap<>();

    /** Adds free text to the header. */
    public SafetensorsWriter metadata(String key, String value) {
        metadata.put(requireText(key), requireText(value));
        return this;
    }

    /**
     * Adds a tensor that is in memory or mapped.
     *
     * @throws SafetensorsException if there is one of this name already, or the name cannot be written, or it has more axes than are read
     */
    public SafetensorsWriter add(String name, Tensor tensor) {
        return add(name, tensor.dtype(), tensor.shape(), () -> tensor);
    }

    /**
     * Adds a tensor that is made when it is written.
     *
     * @throws SafetensorsException if there is one of this name already, or the name cannot be written, or it has more axes than are read
     */
    public SafetensorsWriter add(String name, DType dtype, Shape shape, Source source) {
        if (name.equals(SafetensorsHeader.METADATA)) {
            throw new SafetensorsException(
                    "%s: expected a tensor's name, found the one kept for metadata".formatted(name));
        }
        if (shape.rank() > StrictJson.MOST_INTEGERS) {
            throw new SafetensorsException(
                    "%s: expected at most %d axes, found %s".formatted(name, StrictJson.MOST_INTEGERS, shape));
        }
        if (tensors.putIfAbsent(requireText(name), new Planned(dtype, shape, source)) != null) {
            throw new SafetensorsException("%s: expected each name once, found it twice".formatted(name));
        }
        return this;
    }

    /**
     * Writes everything to a temporary file beside {@code path} and moves it there when it is complete: what was at {@code path} stays
     * as it is until then, and if writing fails.
     *
     * @throws IOException if the file cannot be written
     * @throws SafetensorsException if a source gives another type or shape than announced
     */
    public void write(Path path) throws IOException {
        Path temporary = path.resolveSibling(".%s.%s.tmp".formatted(path.getFileName(), UUID.randomUUID()));
        try {
            writeTo(temporary);
            move(temporary, path);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private void writeTo(Path file) throws IOException {
        List<Map.Entry<String, Planned>> order = tensors.entrySet().stream()
                .sorted(Comparator.comparingInt(e -> -e.getValue().dtype().bytes()))
                .toList();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            writeAll(channel, ByteBuffer.wrap(header(order)));
            ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK);
            for (Map.Entry<String, Planned> entry : order) {
                Planned planned = entry.getValue();
                Tensor tensor = planned.source().tensor();
                if (tensor.dtype() != planned.dtype() || !tensor.shape().equals(planned.shape())) {
                    throw new SafetensorsException("%s: expected %s %s, as announced, found %s"
                            .formatted(entry.getKey(), planned.dtype(), planned.shape(), tensor));
                }
                writeAll(channel, tensor.data(), chunk);
            }
            channel.force(true);
        }
    }

    /** Length, JSON and padding. */
    private byte[] header(List<Map.Entry<String, Planned>> order) throws IOException {
        Map<String, Long> begins = new LinkedHashMap<>();
        long end = 0;
        for (Map.Entry<String, Planned> entry : order) {
            begins.put(entry.getKey(), end);
            end = Math.addExact(end, entry.getValue().bytes());
        }
        StringWriter text = new StringWriter();
        JsonWriter json = new JsonWriter(text);
        json.beginObject();
        if (!metadata.isEmpty()) {
            json.name(SafetensorsHeader.METADATA).beginObject();
            for (Map.Entry<String, String> entry : metadata.entrySet()) {
                json.name(entry.getKey()).value(entry.getValue());
            }
            json.endObject();
        }
        for (Map.Entry<String, Planned> entry : tensors.entrySet()) {
            Planned planned = entry.getValue();
            long begin = begins.getOrDefault(entry.getKey(), 0L);
            json.name(entry.getKey())
                    .beginObject()
                    .name("dtype")
                    .value(planned.dtype().name())
                    .name("shape")
                    .beginArray();
            for (int dim : planned.shape().dims()) {
                json.value(dim);
            }
            json.endArray()
                    .name("data_offsets")
                    .beginArray()
                    .value(begin)
                    .value(begin + planned.bytes())
                    .endArray()
                    .endObject();
        }
        json.endObject();
        byte[] utf8 = text.toString().getBytes(StandardCharsets.UTF_8);
        int padded = Math.ceilDiv(Long.BYTES + utf8.length, DATA_ALIGNMENT) * DATA_ALIGNMENT - Long.BYTES;
        if (padded > SafetensorsHeader.LONGEST) {
            throw new SafetensorsException(
                    "expected a header of at most %d bytes, found %d".formatted(SafetensorsHeader.LONGEST, padded));
        }
        ByteBuffer buffer = ByteBuffer.allocate(Long.BYTES + padded)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(padded)
                .put(utf8);
        while (buffer.hasRemaining()) {
            buffer.put((byte) ' ');
        }
        return buffer.array();
    }

    private static void writeAll(FileChannel channel, MemorySegment data, ByteBuffer chunk) throws IOException {
        for (long at = 0; at < data.byteSize(); at += chunk.capacity()) {
            chunk.clear().limit((int) Math.min(chunk.capacity(), data.byteSize() - at));
            MemorySegment.ofBuffer(chunk).copyFrom(data.asSlice(at, chunk.limit()));
            writeAll(channel, chunk);
        }
    }

    private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static String requireText(String text) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new SafetensorsException(
                    "%s: expected Unicode text, found half of a surrogate pair".formatted(StrictJson.quote(text)));
        }
        return text;
    }
}
