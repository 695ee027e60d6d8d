package dev.aquarelle.core.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files byte by byte, right or wrong. */
final class SafetensorsBytes {
    /** One tensor {@code a}, F32 [4]. */
    static final String ONE_TENSOR = "{'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}}";

    private SafetensorsBytes() {}

    /** Length, header (with " for ') and data of {@code dataBytes} bytes 1, 2, 3, ... */
    static byte[] of(String header, int dataBytes) {
        return of(header.replace('\'', '"').getBytes(StandardCharsets.UTF_8), dataBytes);
    }

    static byte[] of(byte[] header, int dataBytes) {
        ByteBuffer file =
                ByteBuffer.allocate(Long.BYTES + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(header.length).put(header);
        for (int i = 1; i <= dataBytes; i++) {
            file.put((byte) i);
        }
        return file.array();
    }

    static Path write(Path folder, byte[] bytes) throws IOException {
        return Files.write(folder.resolve("model.safetensors"), bytes);
    }
}
