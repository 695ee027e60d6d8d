package dev.aquarelle.sd.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileHashesTest {
    /** {@code printf abc | sha256sum}, as in FIPS 180-4. */
    private static final String OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    @TempDir
    private Path folder;

    private Path cache;
    private FileHashes hashes;

    @BeforeEach
    void begin() {
        cache = folder.resolve("cache/hashes.json");
        hashes = FileHashes.keptIn(cache);
    }

    @Test
    void aFileHasTheHashOfItsBytes() throws IOException {
        assertThat(hashes.of(Files.writeString(folder.resolve("a.safetensors"), "abc")))
                .isEqualTo(OF_ABC);
    }

    /** {@code printf '%s  ./%s\n' HASH a/m.safetensors HASH b.json | sha256sum}. */
    @Test
    void aFolderHasTheHashOfTheListOfItsFiles() throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        Files.createDirectories(model.resolve("a"));
        Files.writeString(model.resolve("b.json"), "abc");
        Files.writeString(model.resolve("a/m.safetensors"), "abc");
        Files.writeString(model.resolve("README.md"), "does not count");
        Path list = Files.writeString(
                folder.resolve("list"), "%1$s  ./a/m.safetensors\n%1$s  ./b.json\n".formatted(OF_ABC));

        assertThat(hashes.of(model)).isEqualTo(hashes.of(list));
        assertThat(hashes.of(Files.createSymbolicLink(folder.resolve("link"), model)))
                .isEqualTo(hashes.of(list));
    }

    @Test
    void tensorsHaveAHashOfTheirOwn() throws IOException {
        Path one = folder.resolve("one.safetensors");
        Path other = folder.resolve("other.safetensors");
        Tensor tensor = Tensor.of(new float[] {1, 2}, 2);
        new SafetensorsWriter().add("a", tensor).write(one);
        new SafetensorsWriter().add("another name", tensor).write(other);
        Path bytes = Files.write(folder.resolve("bytes"), new byte[] {0, 0, (byte) 0x80, 0x3F, 0, 0, 0, 0x40});

        assertThat(hashes.ofTensors(one)).isEqualTo(hashes.ofTensors(other)).isEqualTo(hashes.of(bytes));
        assertThat(hashes.of(one)).isNotEqualTo(hashes.of(other));
    }

    @Test
    void whatWasFoundIsKeptUntilTheFileChanges() throws IOException {
        Path file = Files.writeString(folder.resolve("a"), "abc");
        hashes.of(file);
        Files.writeString(cache, Files.readString(cache).replace(OF_ABC, "0".repeat(64)));

        assertThat(FileHashes.keptIn(cache).of(file)).isEqualTo("0".repeat(64));

        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000));
        assertThat(FileHashes.keptIn(cache).of(file)).isEqualTo(OF_ABC);
    }

    @Test
    void aBrokenCacheIsBegunAnew() throws IOException {
        Files.createDirectories(cache.getParent());
        Files.writeString(cache, "{\"hashes\": [1");
        Path file = Files.writeString(folder.resolve("a"), "abc");

        assertThat(hashes.of(file)).isEqualTo(OF_ABC);
        assertThat(Files.readString(cache)).contains(OF_ABC);
    }

    @Test
    void aFileThatIsNotThereIsNamed() {
        assertThatThrownBy(() -> hashes.of(folder.resolve("none")))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessage(folder.resolve("none") + ": cannot be read");
    }
}
