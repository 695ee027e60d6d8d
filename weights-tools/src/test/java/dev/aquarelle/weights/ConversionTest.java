package dev.aquarelle.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.SafetensorsFile;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ConversionTest {
    private static final int MANY = 200_000; // more than three blocks

    @TempDir
    Path folder;

    private Path from;
    private Path to;

    @BeforeEach
    void nameFiles() {
        from = folder.resolve("from.safetensors");
        to = folder.resolve("to.safetensors");
    }

    @Test
    void floatingPointNumbersChangeAndNothingElse() throws IOException {
        new SafetensorsWriter()
                .metadata("format", "pt")
                .metadata("title", "a \"model\"")
                .add("ids", Tensor.of(new int[] {1, 2, 3}, 3))
                .add("w", Tensor.of(new float[] {1, -0.0f, 0.1f, 2049}, 2, 2))
                .write(from);

        Conversion conversion = Conversion.convert(from, to, DType.F16);

        assertThat(conversion).isEqualTo(new Conversion(2, 1, 28, 20, List.of()));
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile file = SafetensorsFile.open(to, arena);
            assertThat(file.metadata()).isEqualTo(Map.of("format", "pt", "title", "a \"model\""));
            assertThat(file.names()).containsExactly("ids", "w");
            assertThat(file.tensor("ids").toIntArray()).containsExactly(1, 2, 3);
            assertThat(file.tensor("w").dtype()).isEqualTo(DType.F16);
            assertThat(file.tensor("w").shape()).isEqualTo(Shape.of(2, 2));
            assertThat(file.tensor("w").toFloatArray()).containsExactly(1, -0.0f, 0.099975586f, 2048);
        }
    }

    @Test
    void aFileCanBeConvertedInPlaceAndBack() throws IOException {
        float[] values = new float[MANY];
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < MANY; i++) {
            values[i] = Float.float16ToFloat(Float.floatToFloat16((float) random.nextDouble(-4, 4)));
        }
        new SafetensorsWriter().add("w", Tensor.of(values, MANY)).write(from);

        Conversion.convert(from, from, DType.F16);
        assertThat(Files.size(from)).isLessThan(3L * MANY);
        Conversion.convert(from, from, DType.F32);

        try (Arena arena = Arena.ofConfined()) {
            assertThat(SafetensorsFile.open(from, arena).tensor("w").toFloatArray())
                    .containsExactly(values);
        }
    }

    @Test
    void numbersBeyondTheRangeAreCounted() throws IOException {
        new SafetensorsWriter()
                .add("fits", Tensor.of(new float[] {65504, 65519.99f, Float.POSITIVE_INFINITY}, 3))
                .add("large", Tensor.of(new float[] {65520, -1e9f, 1}, 3))
                .write(from);

        assertThat(Conversion.convert(from, to, DType.F16).overflows())
                .containsExactly(new Conversion.Overflow("large", 2));
        assertThat(Conversion.convert(from, to, DType.BF16).overflows()).isEmpty();
    }

    @ParameterizedTest(name = "{0} becomes {1}")
    @CsvSource({
        "0x3F80_0000, 0x3F80", // 1
        "0x3F80_7FFF, 0x3F80", // below the half
        "0x3F80_8000, 0x3F80", // tie, to even
        "0x3F81_8000, 0x3F82", // tie, to even
        "0x3F80_8001, 0x3F81", // above the half
        "0xBF80_8001, 0xBF81", // negative
        "0x7F7F_7FFF, 0x7F7F", // the largest
        "0x7F7F_8000, 0x7F80", // infinite from half a step above it
        "0x7F80_0000, 0x7F80", // infinity
        "0x7F80_0001, 0x7FC0", // NaN
        "0x0000_8001, 0x0001", // subnormal
    })
    void bfloat16RoundsToNearestEven(String bits, String expected) {
        float value = Float.intBitsToFloat(Integer.parseUnsignedInt(hex(bits), 16));

        assertThat(Rounding.toBf16(value) & 0xFFFF).isEqualTo(Integer.parseInt(hex(expected), 16));
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F16", "BF16"})
    void doublesAreRoundedOnce(DType dtype) {
        // 1 + half a step and a bit that a float does not hold: rounded to a float first, it would be a tie and become
        // 1
        double step = dtype == DType.F16 ? 0x1p-10 : 0x1p-7;
        double[] values = {1 + step / 2 + 0x1p-40, 1 + step / 2, 1 + 3 * step / 2 - 0x1p-40, -1 - step / 2 - 0x1p-40};
        double[] expected = {1 + step, 1, 1 + step, -1 - step};
        try (Arena arena = Arena.ofConfined()) {
            Tensor in = new Tensor(Shape.of(4), DType.F64, MemorySegment.ofArray(values));
            Tensor out = Tensor.allocate(arena, dtype, 4);
            for (int i = 0; i < values.length; i++) {
                Rounding.copy(in, out, i);
                assertThat((double) out.getFloat(i))
                        .as("%s", new BigDecimal(values[i]))
                        .isEqualTo(expected[i]);
            }
        }
    }

    @Test
    void onlyThreeTypesAreWritten() {
        assertThatThrownBy(() -> Conversion.convert(from, to, DType.I8))
                .isInstanceOf(WeightsException.class)
                .hasMessage(from + ": expected a type of [F32, F16, BF16] to convert to, found I8");
    }

    @Test
    void aBrokenFileLeavesWhatIsThere() throws IOException {
        Files.writeString(from, "this is no model, but some text");
        Files.writeString(to, "kept");

        assertThatThrownBy(() -> Conversion.convert(from, to, DType.F16))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageStartingWith(from + ": expected a header of at most");
        assertThat(to).hasContent("kept");
        assertThat(folder).isDirectoryNotContaining(file -> file.toString().endsWith(".tmp"));
    }

    private static String hex(String literal) {
        return literal.replace("0x", "").replace("_", "");
    }
}
