package dev.aquarelle.sd.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ListedWeights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The full-size autoencoder of Stable Diffusion 1.5 by its published names and shapes. */
class AutoencoderKLTest {
    private static final Map<String, Tensor> SD15 = ListedWeights.of("sd15-vae-tensors.txt");
    private static final String FIELDS = """
        "block_out_channels": [128, 256, 512, 512], "layers_per_block": 2, "sample_size": 512, "scaling_factor": 0.18215,
        "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
        "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"]
        """;
    private static final VaeConfig CONFIG = config(FIELDS);

    private static VaeConfig config(String fields) {
        return VaeConfig.of(ModelConfig.parse("vae/config.json", "{" + fields + "}"));
    }

    private static AutoencoderKL load(Map<String, Tensor> tensors) {
        return AutoencoderKL.load(ListedWeights.weights(tensors), CONFIG);
    }

    private static Set<String> constants(Graph graph) {
        return graph.values().stream()
                .filter(value -> value.op() instanceof SourceOp.Constant)
                .map(value -> ((SourceOp.Constant) value.op()).name())
                .collect(Collectors.toSet());
    }

    @Test
    void bothWaysTogetherUseEveryTensor() {
        AutoencoderKL vae = load(SD15);
        Graph decoder = vae.decoderGraph(1, 64, 64);
        Graph encoder = vae.encoderGraph(1, 512, 512);

        assertThat(decoder.outputs().get("out").shape()).isEqualTo(Shape.of(1, 512, 512, 3));
        assertThat(encoder.outputs().get("out").shape()).isEqualTo(Shape.of(1, 64, 64, 8));
        Set<String> used = new HashSet<>(constants(decoder));
        used.addAll(constants(encoder));
        assertThat(used).isEqualTo(SD15.keySet());
        assertThat(SD15.values().stream().mapToLong(t -> t.shape().size()).sum())
                .isEqualTo(83_653_863);
    }

    @Test
    void theNamesOfTheFirstReleasesAreKnown() {
        Map<String, String> old = Map.of("to_q", "query", "to_k", "key", "to_v", "value", "to_out.0", "proj_attn");
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        SD15.forEach((name, tensor) -> {
            String renamed = name;
            for (var each : old.entrySet()) {
                renamed =
                        renamed.replace("attentions.0." + each.getKey() + ".", "attentions.0." + each.getValue() + ".");
            }
            boolean projection = !renamed.equals(name) && name.endsWith(".weight");
            tensors.put(renamed, projection ? tensor.reshape(512, 512, 1, 1) : tensor);
        });

        AutoencoderKL vae = load(tensors);

        assertThat(constants(vae.decoderGraph(1, 8, 8))).contains("decoder.mid_block.attentions.0.proj_attn.weight");
        assertThat(constants(vae.encoderGraph(1, 64, 64))).contains("encoder.mid_block.attentions.0.query.bias");
    }

    @Test
    void scopesMirrorTheCheckpoint() {
        for (Value value : load(SD15).decoderGraph(1, 8, 8).values()) {
            if (value.op() instanceof SourceOp.Constant constant) {
                assertThat(value.scope()).isNotEmpty();
                assertThat(constant.name()).startsWith(value.scope() + ".");
            }
        }
    }

    @Test
    void aCheckpointWithoutEncoderDecodes() {
        Map<String, Tensor> tensors = new LinkedHashMap<>(SD15);
        tensors.keySet().removeIf(name -> name.startsWith("encoder.") || name.startsWith("quant_conv."));

        AutoencoderKL vae = load(tensors);

        assertThat(vae.decoderGraph(1, 8, 8).outputs().get("out").shape()).isEqualTo(Shape.of(1, 64, 64, 3));
        assertThatThrownBy(() -> vae.encoderGraph(1, 64, 64))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("has no encoder");
    }

    @Test
    void aMissingTensorIsNamed() {
        Map<String, Tensor> tensors = new LinkedHashMap<>(SD15);
        tensors.remove("decoder.up_blocks.2.resnets.0.conv_shortcut.weight");

        assertThatThrownBy(() -> load(tensors))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("decoder.up_blocks.2.resnets.0.conv_shortcut.weight: missing in model.safetensors");
    }

    @Test
    void aModelWithoutQuantConvolutionsHasNoneInItsGraph() {
        Map<String, Tensor> tensors = new LinkedHashMap<>(SD15);
        tensors.keySet().removeIf(name -> name.contains("quant_conv."));
        VaeConfig config = config(
                FIELDS + ", \"use_quant_conv\": false, \"use_post_quant_conv\": false, \"shift_factor\": 0.1159");

        AutoencoderKL vae = AutoencoderKL.load(ListedWeights.weights(tensors), config);

        assertThat(constants(vae.encoderGraph(1, 64, 64))).noneMatch(name -> name.contains("quant_conv"));
        assertThat(constants(vae.decoderGraph(1, 8, 8))).noneMatch(name -> name.contains("quant_conv"));
        assertThat(config.shiftFactor()).isEqualTo(0.1159f);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"_class_name\": \"AutoencoderTiny\"",
                "\"act_fn\": \"relu\"",
                "\"down_block_types\": [\"AttnDownEncoderBlock2D\"]",
                "\"latents_mean\": [0.5]",
            })
    void refusesWhatItDoesNotDoByName(String field) {
        String name = field.substring(1, field.indexOf('"', 1));

        assertThatThrownBy(() -> config(field))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("vae/config.json: " + name)
                .hasMessageContaining("is not supported");
    }

    @Test
    void saysWhichFieldIsBroken() {
        assertThatThrownBy(() -> config("\"block_out_channels\": [32, 64]"))
                .hasMessage(
                        "vae/config.json: down_block_types: expected 2 blocks, as block_out_channels has levels, found"
                                + " nothing");
        assertThatThrownBy(() -> config("\"norm_num_groups\": 48"))
                .hasMessage("vae/config.json: norm_num_groups: expected a divisor of 64 channels, found 48");
        assertThatThrownBy(() -> config("\"scaling_factor\": 0"))
                .hasMessage("vae/config.json: scaling_factor: expected a number other than 0, found 0");
    }

    @Test
    void latentsAreDrawnAndScaledForTheUNet() {
        AutoencoderKL vae = AutoencoderKL.load(
                ListedWeights.weights(SD15), config(FIELDS.replace("0.18215", "0.5") + ", \"shift_factor\": 1"));
        Tensor moments = Tensor.of(new float[] {3, -1, 0, 2 * (float) Math.log(2)}, 1, 1, 1, 4);

        Tensor latents = vae.latents(moments, shape -> {
            assertThat(shape).isEqualTo(Shape.of(1, 1, 1, 2));
            return Tensor.of(new float[] {1, 3}, 1, 1, 1, 2);
        });

        assertThat(latents.toFloatArray()).containsExactly(1.5f, 2); // (3 + 1 * 1 - 1) / 2, (-1 + 2 * 3 - 1) / 2
    }
}
