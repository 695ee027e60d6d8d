package dev.aquarelle.sd.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.ops.plan.Dependencies;
import dev.aquarelle.sd.ListedWeights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.unet.UNetInputs;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The numbers are diffusers' of {@link TinyControlNet}. */
class ControlNetModelTest {
    private static final String RGB = "\"controlnet_conditioning_channel_order\": \"rgb\"";
    private static final float[] MID = {
        -1.108233f,
        -3.094379f,
        -0.1394922f,
        3.116515f,
        1.516699f,
        -2.408363f,
        -2.465112f,
        1.360128f,
        2.915461f,
        -0.2848841f,
        -3.095164f,
        -0.9612771f,
        2.784983f,
        2.204041f,
        -1.798853f,
        -2.906814f
    };

    @Test
    void residualsAreDiffusers() {
        ControlNetModel net = TinyControlNet.load(RGB);
        Tensor half = net.scales(0.5f, false);

        assertThat(TinyControlNet.run(net, half, "down_block_res_samples.2"))
                .containsExactly(
                        new float[] {
                            0.3399168f, 1.306337f, 1.688353f, 1.313479f, 0.348523f, -0.7746017f, -1.552172f, -1.634568f
                        },
                        within(1e-5f));
        assertThat(TinyControlNet.run(net, half, "mid_block_res_sample")).containsExactly(MID, within(2e-5f));
    }

    @Test
    void inGuessModeTheOuterResidualsCountLess() {
        ControlNetModel net = TinyControlNet.load(RGB);
        Tensor guess = net.scales(1, true);

        assertThat(guess.toFloatArray())
                .containsExactly(new float[] {0.1f, 0.1778279f, 0.3162278f, 0.5623413f, 1}, within(1e-7f));
        assertThat(TinyControlNet.run(net, guess, "down_block_res_samples.2"))
                .containsExactly(
                        new float[] {
                            0.2149822f, 0.8261999f, 1.067808f, 0.830717f, 0.2204253f, -0.4899011f, -0.98168f, -1.033791f
                        },
                        within(1e-5f));
        assertThat(net.scales(0.5f, true).toFloatArray()[4]).isEqualTo(0.5f);
    }

    @Test
    void residualsMayBeMeansAndThePicturesChannelsReversed() {
        ControlNetModel net = TinyControlNet.load(
                "\"controlnet_conditioning_channel_order\": \"bgr\", \"global_pool_conditions\": true");
        Tensor half = net.scales(0.5f, true); // whose weights in guess mode are all equal

        float[] means = {
            0.08464626f, 0.2612652f, 0.3227071f, 0.2411908f, 0.05221342f, -0.160869f, -0.3035664f, -0.3121244f
        };
        float[] actual = TinyControlNet.run(net, half, "down_block_res_samples.1");
        assertThat(actual).hasSize(4 * 8);
        for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i]).isCloseTo(means[i % 8], within(1e-5f));
        }
    }

    @Test
    void aScaleOfZeroAddsNothing() {
        ControlNetModel net = TinyControlNet.load(RGB);

        assertThat(TinyControlNet.run(net, net.scales(0, false), "mid_block_res_sample"))
                .containsExactly(new float[16], within(Float.MIN_VALUE));
    }

    @Test
    void thePictureIsLookedAtOnceForAllSteps() {
        Graph graph = new ControlNets(List.of(TinyControlNet.load(RGB))).graph(TinyControlNet.SIZES, 1);
        Dependencies dependencies = Dependencies.of(graph);

        Value hint = graph.values().stream()
                .filter(value -> value.scope().equals("controlnet_cond_embedding.conv_out"))
                .toList()
                .getLast();
        assertThat(dependencies.mask(hint)).isEqualTo(Dependencies.bit(3));
        assertThat(graph.values())
                .filteredOn(value -> value.operands().contains(hint))
                .isNotEmpty()
                .allMatch(dependencies::isKept);
    }

    /** The weights of Stable Diffusion 1.5's first half, and the parts that are a ControlNet's own by their published shapes. */
    @Test
    void aFullSizeCallUsesEveryTensorOnce() {
        Map<String, Tensor> tensors = ListedWeights.of("sd15-unet-tensors.txt").entrySet().stream()
                .filter(e -> !e.getKey().startsWith("up_blocks")
                        && !e.getKey().startsWith("conv_norm_out")
                        && !e.getKey().startsWith("conv_out"))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
        int[] zeroConvolutions = {320, 320, 320, 320, 640, 640, 640, 1280, 1280, 1280, 1280, 1280};
        IntStream.range(0, 12)
                .forEach(
                        i -> conv(tensors, "controlnet_down_blocks." + i, zeroConvolutions[i], zeroConvolutions[i], 1));
        conv(tensors, "controlnet_mid_block", 1280, 1280, 1);
        int[] maps = {3, 16, 16, 32, 32, 96, 96, 256, 320};
        String hint = "controlnet_cond_embedding.";
        IntStream.range(0, 8)
                .forEach(i -> conv(
                        tensors,
                        hint + (i == 0 ? "conv_in" : i == 7 ? "conv_out" : "blocks." + (i - 1)),
                        maps[i],
                        maps[i + 1],
                        3));
        ControlNetConfig config =
                ControlNetConfig.of(ModelConfig.parse("config.json", "{\"cross_attention_dim\": 768}"));
        ControlNetModel net = ControlNetModel.load(ListedWeights.weights(tensors), config);

        Graph graph = new ControlNets(List.of(net)).graph(new UNetInputs.Sizes(2, 64, 64, 77), 1);

        List<Tensor> constants = graph.values().stream()
                .filter(value -> value.op() instanceof SourceOp.Constant)
                .map(value -> ((SourceOp.Constant) value.op()).tensor())
                .toList();
        assertThat(constants).hasSize(tensors.size());
        assertThat(constants.stream().mapToLong(t -> t.shape().size()).sum()).isEqualTo(361_279_120);
        assertThat(graph.outputs()).hasSize(13);
    }

    private static void conv(Map<String, Tensor> tensors, String name, int in, int out, int kernel) {
        tensors.put(name + ".weight", ListedWeights.zeros(out, in, kernel, kernel));
        tensors.put(name + ".bias", ListedWeights.zeros(out));
    }

    @Test
    void aMissingTensorIsNamed() {
        Map<String, Tensor> tensors = new LinkedHashMap<>(TinyControlNet.tensors());
        tensors.remove("controlnet_down_blocks.3.weight");

        assertThatThrownBy(() -> ControlNetModel.load(
                        Weights.of("net.safetensors", tensors), TinyControlNet.config("\"cross_attention_dim\": 6")))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("controlnet_down_blocks.3.weight: missing in net.safetensors");
    }
}
