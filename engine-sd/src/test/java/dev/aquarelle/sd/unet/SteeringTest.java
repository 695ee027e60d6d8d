package dev.aquarelle.sd.unet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ListedWeights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The numbers are diffusers' of {@link TinyUNet}. */
class SteeringTest {
    private static final UNetConfig SD15 = UNetConfig.of(
            ModelConfig.parse("unet/config.json", "{\"cross_attention_dim\": 768, \"attention_head_dim\": 8}"));
    private static final UNet2DConditionModel UNET =
            UNet2DConditionModel.load(ListedWeights.weights(ListedWeights.of("sd15-unet-tensors.txt")), SD15);

    private static List<Shape> steeringInputs(Steering.Kinds kinds, int height, int width) {
        Graph graph = UNET.graph(new UNetInputs.Sizes(2, height, width, 77), kinds);
        return graph.inputs().stream().skip(3).map(Value::shape).toList();
    }

    @Test
    void residualsOfAControlNetAreAddedToTheSkipConnectionsAndTheMiddle() {
        assertThat(TinyUNet.steered("CrossAttn", Steering.Kinds.ofControlNet()))
                .containsExactly(
                        new float[] {
                            -0.7135144f,
                            -0.8281867f,
                            -0.6968344f,
                            -0.3445616f,
                            4.253117f,
                            5.535775f,
                            3.837595f,
                            1.753031f,
                            -1.791723f,
                            -4.956108f,
                            -5.502503f,
                            -2.987296f,
                            -1.307347f,
                            0.2795151f,
                            2.857571f,
                            2.539869f
                        },
                        within(2e-5f));
    }

    @Test
    void featuresOfAnAdapterJoinThem() {
        assertThat(TinyUNet.steered("CrossAttn", new Steering.Kinds(true, 3, List.of())))
                .containsExactly(
                        new float[] {
                            -0.7379037f,
                            -0.8945255f,
                            -0.7767787f,
                            -0.3909324f,
                            4.206451f,
                            5.515038f,
                            3.89558f,
                            1.818979f,
                            -1.79123f,
                            -4.920988f,
                            -5.482638f,
                            -3.022769f,
                            -1.274042f,
                            0.2931638f,
                            2.825124f,
                            2.541256f
                        },
                        within(2e-5f));
    }

    @Test
    void blocksWithoutTransformersTakeAFeatureBehindTheirDownsampler() {
        assertThat(TinyUNet.steered("", Steering.Kinds.ofAdapter(3)))
                .containsExactly(
                        new float[] {
                            -0.6909203f,
                            -0.9099917f,
                            -0.9455686f,
                            -0.6049683f,
                            4.200335f,
                            5.221716f,
                            3.684252f,
                            1.892918f,
                            -1.758283f,
                            -4.775903f,
                            -5.173287f,
                            -2.81671f,
                            -1.281662f,
                            0.3437704f,
                            2.729958f,
                            2.37404f
                        },
                        within(2e-5f));
    }

    @Test
    void theInputsAreDeclaredBehindTheOthersInTheOrderOfTheWayDown() {
        Graph graph = UNET.graph(new UNetInputs.Sizes(1, 8, 8, 77), new Steering.Kinds(true, 4, List.of()));

        assertThat(graph.inputs())
                .map(Value::toString)
                .element(3)
                .asString()
                .contains("down_block_additional_residuals.0");
        assertThat(graph.inputs())
                .map(Value::toString)
                .element(15)
                .asString()
                .contains("mid_block_additional_residual");
        assertThat(graph.inputs())
                .map(Value::toString)
                .last()
                .asString()
                .contains("down_intrablock_additional_residuals.3");
    }

    @Test
    void oddSizesAreHalvedAsTheDownsamplersDo() {
        assertThat(steeringInputs(Steering.Kinds.ofControlNet(), 9, 7))
                .containsExactly(
                        Shape.of(2, 9, 7, 320),
                        Shape.of(2, 9, 7, 320),
                        Shape.of(2, 9, 7, 320),
                        Shape.of(2, 5, 4, 320),
                        Shape.of(2, 5, 4, 640),
                        Shape.of(2, 5, 4, 640),
                        Shape.of(2, 3, 2, 640),
                        Shape.of(2, 3, 2, 1280),
                        Shape.of(2, 3, 2, 1280),
                        Shape.of(2, 2, 1, 1280),
                        Shape.of(2, 2, 1, 1280),
                        Shape.of(2, 2, 1, 1280),
                        Shape.of(2, 2, 1, 1280));
        assertThat(steeringInputs(Steering.Kinds.ofAdapter(4), 64, 64))
                .containsExactly(
                        Shape.of(2, 64, 64, 320),
                        Shape.of(2, 32, 32, 640),
                        Shape.of(2, 16, 16, 1280),
                        Shape.of(2, 8, 8, 1280));
    }

    @Test
    void moreFeaturesThanPlacesAreRefused() {
        assertThatThrownBy(() -> steeringInputs(Steering.Kinds.ofAdapter(6), 64, 64))
                .isInstanceOf(ModelException.class)
                .hasMessage("the U-Net takes at most 5 features of an adapter, found 6");
    }
}
