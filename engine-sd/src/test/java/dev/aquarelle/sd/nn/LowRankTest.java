package dev.aquarelle.sd.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Padding;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A side branch gives what a layer gives whose weight has the product of its two matrices added. */
class LowRankTest {
    private static final int RANK = 3;

    private static Tensor random(int seed, int... dims) {
        Random random = new Random(seed);
        float[] values = new float[(int) Shape.of(dims).size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        return Tensor.of(values, dims);
    }

    private static Tensor merged(Tensor weight, Tensor down, Tensor up) {
        float[] sum = weight.toFloatArray();
        int columns = down.shape().last();
        for (int i = 0; i < sum.length; i++) {
            for (int k = 0; k < RANK; k++) {
                sum[i] += up.getFloat(i / columns * RANK + k) * down.getFloat(k * columns + i % columns);
            }
        }
        return Tensor.of(sum, weight.shape().dims());
    }

    private static float[] run(Layer layer, Tensor x) {
        try (Backend backend = Backends.open("reference", BackendOptions.DEFAULT);
                Program program = backend.compile(
                        Graph.of(g -> layer.forward(g, g.input("x", x.shape().dims()))))) {
            return program.run(x).toFloatArray();
        }
    }

    @Test
    void ofALinearLayer() {
        Tensor weight = random(1, 5, 7);
        Tensor down = random(2, RANK, 7);
        Tensor up = random(3, 5, RANK);
        Weights base = Weights.of("test", Map.of("weight", weight, "bias", random(4, 5)));
        Tensor x = random(5, 2, 3, 7);

        float[] sideways = run(Linear.load(base.with("lora", Map.of(LowRank.DOWN, down, LowRank.UP, up)), 7, 5), x);
        float[] plain = run(Linear.load(base.with("lora", Map.of("weight", merged(weight, down, up))), 7, 5), x);

        assertThat(sideways).containsExactly(plain, within(1e-5f)).isNotEqualTo(run(Linear.load(base, 7, 5), x));
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 1", "3, 2"})
    void ofAConvolution(int kernel, int stride) {
        Tensor weight = random(1, 5, 4, kernel, kernel);
        Tensor down = random(2, RANK, 4 * kernel * kernel);
        Tensor up = random(3, 5, RANK);
        Weights base = Weights.of("test", Map.of("weight", weight, "bias", random(4, 5)));
        Padding padding = Padding.all(kernel / 2);
        Tensor x = random(5, 2, 6, 7, 4);

        float[] sideways = run(
                Conv2d.load(
                        base.with("lora", Map.of(LowRank.DOWN, down, LowRank.UP, up)), 4, 5, kernel, stride, padding),
                x);
        float[] plain = run(
                Conv2d.load(
                        base.with("lora", Map.of("weight", merged(weight, down, up))), 4, 5, kernel, stride, padding),
                x);

        assertThat(sideways).containsExactly(plain, within(1e-5f));
    }

    @Test
    void matricesThatDoNotFitAreRefused() {
        Weights weights = Weights.of("test", Map.of("weight", random(1, 5, 7), LowRank.DOWN, random(2, RANK, 6)));

        assertThatThrownBy(() -> Linear.loadWithoutBias(weights, 7, 5))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("lora_down.weight: expected [3, 7], found [3, 6] in test");
    }
}
