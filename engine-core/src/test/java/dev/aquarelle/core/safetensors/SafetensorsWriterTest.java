package dev.aquarelle.core.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written is read again, byte for byte, and a file is there whole or not at all. */
class SafetensorsWriterTest {
    @TempDir
    Path folder;

    @Test
    void everyTypeAndOddNamesComeBack() throws IOException {
        Random random = new Random(7);
        SafetensorsWriter writer =
                new SafetensorsWriter().metadata("quote \" \\ \n", "ключ 🎨").metadata("empty", "");
        for (DType dtype : DType.values()) {
            byte[] bytes = new byte[15 * dtype.bytes()];
            random.nextBytes(bytes);
            writer.add("🎨." + dtype + "\t\"\\", new Tensor(Shape.of(3, 5), dtype, MemorySegment.ofArray(bytes)));
        }
        writer.add("scalar", Tensor.of(new float[] {8}));
        writer.add("none", Tensor.of(new float[0], 2, 0));
        Path path = folder.resolve("model.safetensors");
        writer.write(path);

        random = new Random(7);
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile file = SafetensorsFile.open(path, arena);
            assertThat(file.metadata()).isEqualTo(Map.of("quote \" \\ \n", "ключ 🎨", "empty", ""));
            assertThat(file.names())
                    .hasSize(DType.values().length + 2)
                    .startsWith("🎨.F64\t\"\\")
                    .endsWith("scalar", "none");
            for (DType dtype : DType.values()) {
                byte[] bytes = new byte[15 * dtype.bytes()];
                random.nextBytes(bytes);
                Tensor tensor = file.tensor("🎨." + dtype + "\t\"\\");
                assertThat(tensor).hasToString(dtype + " [3, 5]");
                assertThat(tensor.data().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
                assertThat(tensor.data().address() % dtype.bytes())
                        .as("alignment of " + dtype)
                        .isZero();
            }
            assertThat(file.tensor("scalar").toFloatArray()).containsExactly(8);
        }
    }

    @Test
    void equalInputGivesEqualBytes() throws IOException {
        SafetensorsWriter writer =
                new SafetensorsWriter().metadata("k", "v").add("a", Tensor.of(new float[] {1, 2}, 2));
        writer.write(folder.resolve("1.safetensors"));
        writer.write(folder.resolve("2.safetensors"));

        assertThat(folder.resolve("1.safetensors")).hasSameBinaryContentAs(folder.resolve("2.safetensors"));
    }

    @Test
    void largeTensorsAreWrittenInParts() throws IOException {
        float[] values = new float[(1 << 19) + 3];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        Path path = folder.resolve("model.safetensors");
        new SafetensorsWriter().add("a", Tensor.of(values, values.length)).write(path);

        try (Arena arena = Arena.ofConfined()) {
            assertThat(SafetensorsFile.open(path, arena).tensor("a").toFloatArray())
                    .isEqualTo(values);
        }
    }

    @Test
    void aFailureLeavesTheOldFileAndNothingElse() throws IOException {
        Path path = folder.resolve("model.safetensors");
        new SafetensorsWriter().add("old", Tensor.of(new float[] {1}, 1)).write(path);
        SafetensorsWriter failing = new SafetensorsWriter()
                .add("a", Tensor.of(new float[] {1}, 1))
                .add("b", DType.F32, Shape.of(4), () -> Tensor.of(new float[5], 5));

        assertThatThrownBy(() -> failing.write(path))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("b: expected F32 [4], as announced, found F32 [5]");
        try (Arena arena = Arena.ofConfined();
                Stream<Path> files = Files.list(folder)) {
            assertThat(SafetensorsFile.open(path, arena).names()).containsExactly("old");
            assertThat(files).containsExactly(path);
        }
    }

    @Test
    void moreAxesThanAreReadAreNotWritten() throws IOException {
        Path path = folder.resolve("model.safetensors");
        new SafetensorsWriter()
                .add("a", Tensor.of(new float[1], 1, 1, 1, 1, 1, 1, 1, 1))
                .write(path);
        try (Arena arena = Arena.ofConfined()) {
            assertThat(SafetensorsFile.open(path, arena).tensor("a").shape().rank())
                    .isEqualTo(8);
        }

        assertThatThrownBy(() -> new SafetensorsWriter().add("a", Tensor.of(new float[1], 1, 1, 1, 1, 1, 1, 1, 1, 1)))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("a: expected at most 8 axes, found [1, 1, 1, 1, 1, 1, 1, 1, 1]");
    }

    @Test
    void namesThatCannotBeAreRefused() {
        Tensor tensor = Tensor.of(new float[] {1}, 1);

        assertThatThrownBy(() -> new SafetensorsWriter().add("a", tensor).add("a", tensor))
                .hasMessageContaining("found it twice");
        assertThatThrownBy(() -> new SafetensorsWriter().add("__metadata__", tensor))
                .isInstanceOf(SafetensorsException.class);
        assertThatThrownBy(() -> new SafetensorsWriter().add("\ud800", tensor))
                .isInstanceOf(SafetensorsException.class);
        assertThatThrownBy(() -> new SafetensorsWriter().metadata("a", "\udc00"))
                .isInstanceOf(SafetensorsException.class);
    }
}
