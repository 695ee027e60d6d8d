package dev.aquarelle.sd.checkpoint;

import dev.aquarelle.sd.ModelException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Files that are no safetensors files, told by how they begin. */
final class FirstBytes {
    private static final int ENOUGH = 64;
    private static final int LENGTH_BYTES = 8; // a safetensors file begins with the length of its header

    private static final Map<String, String> BEGINNINGS = new LinkedHashMap<>();

    static {
        BEGINNINGS.put("GGUF", "GGUF file, which must be converted to safetensors");
        BEGINNINGS.put("lmgg", "GGML file, which must be converted to safetensors");
        BEGINNINGS.put(
                "PK\3\4",
                "zip archive, perhaps a PyTorch checkpoint (.ckpt, .pt), which must be converted to safetensors");
        BEGINNINGS.put("version https://git-lfs", "pointer of Git LFS, for which 'git lfs pull' fetches the file");
        BEGINNINGS.put("\u0089HDF", "HDF5 file");
        BEGINNINGS.put("\u0089PNG", "PNG picture");
        BEGINNINGS.put("\u00ff\u00d8\u00ff", "JPEG picture");
        BEGINNINGS.put("RIFF", "WebP picture or other RIFF file");
        BEGINNINGS.put("\u001f\u008b", "gzip archive");
        BEGINNINGS.put("7z\u00bc\u00af", "7-Zip archive");
        BEGINNINGS.put("Rar!", "RAR archive");
        BEGINNINGS.put("{", "JSON text");
    }

    private FirstBytes() {}

    /**
     * What a file is, or null if it may be a safetensors file.
     *
     * @throws ModelException if there is no readable file
     */
    static @Nullable String kind(Path file) {
        return kind(read(file));
    }

    private static byte[] read(Path file) {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new ModelException("%s: expected a file, found %s"
                    .formatted(file, Files.isDirectory(file) ? "a folder" : "a pipe or device"));
        }
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(ENOUGH);
        } catch (NoSuchFileException e) {
            throw new ModelException("%s: expected a model, found nothing of that name".formatted(file), e);
        } catch (IOException e) {
            throw new ModelException("%s: expected a readable file, found: %s".formatted(file, e.getMessage()), e);
        }
    }

    private static @Nullable String kind(byte[] bytes) {
        if (bytes.length == 0) {
            return "empty file";
        }
        if (bytes.length > LENGTH_BYTES && bytes[LENGTH_BYTES] == '{' && bytes[LENGTH_BYTES - 1] == 0) {
            return null;
        }
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        for (Map.Entry<String, String> beginning : BEGINNINGS.entrySet()) {
            if (text.startsWith(beginning.getKey())) {
                return beginning.getValue();
            }
        }
        String word = text.replace("\u00ef\u00bb\u00bf", "").stripLeading().toLowerCase(Locale.ROOT);
        if (word.startsWith("<!doctype") || word.startsWith("<html")) {
            return "web page, perhaps of a download that needs a login";
        }
        if (bytes[0] == (byte) 0x80 && bytes.length > 1 && bytes[1] >= 2 && bytes[1] <= 5) {
            return "Python pickle, perhaps a PyTorch checkpoint (.ckpt, .pt), which must be converted to safetensors";
        }
        if (bytes[0] == 8 && bytes.length > 2 && bytes[1] > 0 && bytes[1] < 32 && bytes[2] == 0x12) {
            return "ONNX model"; // ir_version, then producer_name
        }
        return null;
    }
}
