package dev.aquarelle.sd.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.sd.ListedWeights;
import dev.aquarelle.sd.ModelConfig;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Shapes and weights of a tiled picture; its numbers are met in the golden cases. */
class TilingTest {
    private static final Map<String, Tensor> SD15 = ListedWeights.of("sd15-vae-tensors.txt");
    private static final AutoencoderKL VAE =
            AutoencoderKL.load(ListedWeights.weights(SD15), VaeConfig.of(ModelConfig.parse("vae/config.json", """
                {"block_out_channels": [128, 256, 512, 512], "layers_per_block": 2,
                "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
                "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"]}
                """)));
    private static final Tiling TILING = new Tiling(64, 8, 0.25);

    private static Graph decoder(int height, int width) {
        return Graph.of(g -> TILING.decode(g, VAE, g.input("latents", 1, height, width, 4)));
    }

    private static long constants(Graph graph) {
        return graph.values().stream()
                .filter(v -> v.op() instanceof SourceOp.Constant constant && SD15.containsKey(constant.name()))
                .count();
    }

    @ParameterizedTest(name = "{0} x {1}")
    @CsvSource({"8, 8", "9, 8", "8, 14", "12, 9", "20, 31"})
    void theTilesMakeAPictureOfTheWholeSize(int height, int width) {
        assertThat(decoder(height, width).outputs().get("out").shape())
                .isEqualTo(Shape.of(1, 8 * height, 8 * width, 3));
        Graph encoder = Graph.of(g -> TILING.encode(g, VAE, g.input("picture", 1, 8 * height, 8 * width, 3)));
        assertThat(encoder.outputs().get("out").shape()).isEqualTo(Shape.of(1, height, width, 8));
    }

    @Test
    void onePictureOfOneTileIsNotTiled() {
        assertThat(decoder(8, 8).toString()).isEqualTo(VAE.decoderGraph(1, 8, 8).toString());
    }

    @Test
    void allTilesShareTheWeights() {
        assertThat(constants(decoder(20, 31))).isEqualTo(constants(VAE.decoderGraph(1, 8, 8)));
    }

    @Test
    void tilesThatNeverAdvanceAreRefused() {
        assertThatThrownBy(() -> new Tiling(64, 8, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Tiling(0, 8, 0.25)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Tiling(64, 1, 0.5))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tiles of 64 and 1 do not advance with an overlap of 0.5");
    }
}
