package dev.aquarelle.sd.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PixelUnshuffleTest {

    @ParameterizedTest(name = "[{0}, {1}, {2}, {3}] by {4}")
    @CsvSource({"1, 4, 4, 1, 2", "2, 6, 9, 3, 3", "2, 8, 16, 3, 8", "1, 5, 2, 4, 1"})
    void eachChannelHasItsPixel(int n, int height, int width, int channels, int factor) {
        Graph graph = Graph.of(g -> new PixelUnshuffle(factor).forward(g, g.input("x", n, height, width, channels)));
        float[] x = new float[n * height * width * channels];
        for (int i = 0; i < x.length; i++) {
            x[i] = i;
        }

        try (Backend backend = Backends.open("reference", BackendOptions.DEFAULT);
                Program program = backend.compile(graph)) {
            Tensor actual = program.run(Tensor.of(x, n, height, width, channels));

            assertThat(actual.shape())
                    .isEqualTo(Shape.of(n, height / factor, width / factor, channels * factor * factor));
            int at = 0;
            for (int row = 0; row < n * height / factor; row++) {
                for (int column = 0; column < width / factor; column++) {
                    for (int c = 0; c < channels; c++) {
                        for (int i = 0; i < factor; i++) {
                            for (int j = 0; j < factor; j++) {
                                int from = ((row * factor + i) * width + column * factor + j) * channels + c;
                                assertThat(actual.getFloat(at++)).isEqualTo(x[from]);
                            }
                        }
                    }
                }
            }
        }
    }

    @Test
    void aSizeThatIsNoMultipleIsRefused() {
        assertThatThrownBy(() -> Graph.of(g -> new PixelUnshuffle(16).forward(g, g.input("x", 1, 64, 72, 3))))
                .isInstanceOf(TensorException.class)
                .hasMessage("pixelUnshuffle: height and width of [1, 64, 72, 3] are no multiples of 16");
    }
}
