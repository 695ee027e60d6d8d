package dev.aquarelle.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonTest {
    private static final int MANY = 200_000; // more than three blocks

    @TempDir
    Path folder;

    private final SafetensorsWriter first = new SafetensorsWriter();
    private final SafetensorsWriter second = new SafetensorsWriter();

    @Test
    void equalNumbersOfDifferentTypesAreEqual() throws IOException {
        first.add("w", Tensor.of(new float[] {1, 0.5f, Float.NaN, Float.NEGATIVE_INFINITY}, 4));
        second.add("w", Tensor.of(new float[] {1, 0.5f, Float.NaN, Float.NEGATIVE_INFINITY}, 4));
        Path halves = folder.resolve("halves.safetensors");
        first.write(folder.resolve("first.safetensors"));
        Conversion.convert(folder.resolve("first.safetensors"), halves, DType.F16);

        assertThat(compare().isEqual()).isTrue();
        Comparison comparison = Comparison.of(folder.resolve("first.safetensors"), halves);
        assertThat(comparison.isEqual()).isTrue();
        assertThat(comparison.equal()).isEqualTo(1);
    }

    @Test
    void missingAndReshapedTensorsAreListed() throws IOException {
        first.add("a", Tensor.of(new float[2], 2)).add("b", Tensor.of(new float[6], 2, 3));
        second.add("b", Tensor.of(new float[6], 3, 2)).add("c", Tensor.of(new float[2], 2));

        Comparison comparison = compare();

        assertThat(comparison.onlyInFirst()).containsExactly("a");
        assertThat(comparison.onlyInSecond()).containsExactly("c");
        assertThat(comparison.reshaped()).containsExactly(new Comparison.Reshaped("b", Shape.of(2, 3), Shape.of(3, 2)));
        assertThat(comparison.isEqual()).isFalse();
    }

    @Test
    void theLargestMeanAndRelativeDifferenceAreToldWithTheirPlace() throws IOException {
        float[] values = new float[MANY];
        Arrays.fill(values, 2);
        first.add("w", Tensor.of(values.clone(), 2, MANY / 2));
        values[MANY - 1] = 5;
        values[3] = 1;
        second.add("w", Tensor.of(values, 2, MANY / 2));

        Difference difference = compare().differences().getFirst();

        assertThat(difference.maxAbs()).isEqualTo(3);
        assertThat(difference.worst()).isEqualTo(MANY - 1);
        assertThat(difference.rms()).isCloseTo(Math.sqrt(10.0 / MANY), within(1e-15));
        assertThat(difference.relative()).isCloseTo(Math.sqrt(10.0 / MANY) / 2, within(1e-15));
        assertThat(difference.nans()).isZero();
    }

    @Test
    void theWorstTensorIsFirst() throws IOException {
        for (String name : new String[] {"small", "nan", "large", "fromZero", "same"}) {
            first.add(name, Tensor.of(new float[] {name.equals("fromZero") ? 0 : 100}, 1));
        }
        second.add("small", Tensor.of(new float[] {101}, 1))
                .add("nan", Tensor.of(new float[] {Float.NaN}, 1))
                .add("large", Tensor.of(new float[] {200}, 1))
                .add("fromZero", Tensor.of(new float[] {1e-9f}, 1))
                .add("same", Tensor.of(new float[] {100}, 1));

        Comparison comparison = compare();

        assertThat(comparison.differences())
                .extracting(Difference::name)
                .containsExactly("nan", "fromZero", "large", "small");
        assertThat(comparison.differences())
                .extracting(Difference::relative)
                .containsExactly(0.0, Double.POSITIVE_INFINITY, 1.0, 0.01);
        assertThat(comparison.differences().getFirst().nans()).isEqualTo(1);
        assertThat(comparison.equal()).isEqualTo(1);
    }

    @Test
    void anInfinityAgainstANumberIsInfinitelyFar() throws IOException {
        first.add("w", Tensor.of(new float[] {1, Float.POSITIVE_INFINITY}, 2));
        second.add("w", Tensor.of(new float[] {1, 2}, 2));

        Difference difference = compare().differences().getFirst();

        assertThat(difference.maxAbs()).isInfinite();
        assertThat(difference.worst()).isEqualTo(1);
        assertThat(difference.relative()).isInfinite();
    }

    @Test
    void aFileThatIsNotThereIsNamed() throws IOException {
        Path there = folder.resolve("there.safetensors");
        Path missing = folder.resolve("missing.safetensors");
        first.write(there);

        assertThatThrownBy(() -> Comparison.of(there, missing))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage(missing + ": expected a safetensors file, found no file");
    }

    private Comparison compare() throws IOException {
        Path a = folder.resolve("a.safetensors");
        Path b = folder.resolve("b.safetensors");
        first.write(a);
        second.write(b);
        return Comparison.of(a, b);
    }
}
