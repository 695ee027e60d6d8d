package dev.aquarelle.sd.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.unet.UNetConfig;
import dev.aquarelle.sd.unet.UNetInputs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ControlNetFileTest {
    /** Of {@link TinyControlNet}, in the order of replacement. */
    private static final Map<String, String> ORIGINAL_NAMES = new TreeMap<>(Map.ofEntries(
            Map.entry("conv_in.", "input_blocks.0.0."),
            Map.entry("time_embedding.linear_1", "time_embed.0"),
            Map.entry("time_embedding.linear_2", "time_embed.2"),
            Map.entry("down_blocks.0.resnets.0", "input_blocks.1.0"),
            Map.entry("down_blocks.0.attentions.0", "input_blocks.1.1"),
            Map.entry("down_blocks.0.downsamplers.0.conv", "input_blocks.2.0.op"),
            Map.entry("down_blocks.1.resnets.0", "input_blocks.3.0"),
            Map.entry("down_blocks.1.attentions.0", "input_blocks.3.1"),
            Map.entry("mid_block.resnets.0", "middle_block.0"),
            Map.entry("mid_block.attentions.0", "middle_block.1"),
            Map.entry("mid_block.resnets.1", "middle_block.2"),
            Map.entry("controlnet_cond_embedding.conv_in", "input_hint_block.0"),
            Map.entry("controlnet_cond_embedding.blocks.0", "input_hint_block.2"),
            Map.entry("controlnet_cond_embedding.blocks.1", "input_hint_block.4"),
            Map.entry("controlnet_cond_embedding.conv_out", "input_hint_block.6"),
            Map.entry("controlnet_down_blocks.0", "zero_convs.0.0"),
            Map.entry("controlnet_down_blocks.1", "zero_convs.1.0"),
            Map.entry("controlnet_down_blocks.2", "zero_convs.2.0"),
            Map.entry("controlnet_down_blocks.3", "zero_convs.3.0"),
            Map.entry("controlnet_mid_block", "middle_block_out.0")));

    private static final Map<String, String> ORIGINAL_LAYERS = Map.of(
            ".norm1.", ".in_layers.0.",
            ".conv1.", ".in_layers.2.",
            ".time_emb_proj.", ".emb_layers.1.",
            ".norm2.", ".out_layers.0.",
            ".conv2.", ".out_layers.3.",
            ".conv_shortcut.", ".skip_connection.");

    @TempDir
    private Path folder;

    private static Map<String, Tensor> first() {
        return TinyControlNet.tensors(4, 768, 32, 64, 4, 6);
    }

    private static Map<String, Tensor> original(String prefix, Map<String, Tensor> tensors) {
        Map<String, Tensor> original = new TreeMap<>();
        tensors.forEach((name, tensor) -> {
            String part = ORIGINAL_NAMES.keySet().stream()
                    .filter(name::startsWith)
                    .findFirst()
                    .orElseThrow();
            String rest = name.substring(part.length());
            if (part.contains("resnets")) {
                for (Map.Entry<String, String> layer : ORIGINAL_LAYERS.entrySet()) {
                    rest = rest.replace(layer.getKey(), layer.getValue());
                }
            }
            original.put(prefix + ORIGINAL_NAMES.get(part) + rest, tensor);
        });
        return original;
    }

    private Path write(String name, Map<String, Tensor> tensors) {
        Path file = folder.resolve(name);
        SafetensorsWriter writer = new SafetensorsWriter();
        tensors.forEach(writer::add);
        try {
            writer.write(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file;
    }

    /** The numbers by the names the model takes them by. */
    private static Map<String, float[]> constants(Path file) {
        try (Arena arena = Arena.ofConfined()) {
            ControlNetModel net = ControlNetModel.load(file, arena);
            Graph graph = new ControlNets(List.of(net)).graph(new UNetInputs.Sizes(1, 4, 4, 77), 1);
            Map<String, float[]> constants = new TreeMap<>();
            graph.values().forEach(value -> {
                if (value.op() instanceof SourceOp.Constant constant) {
                    constants.put(constant.name(), constant.tensor().toFloatArray());
                }
            });
            return constants;
        }
    }

    @ParameterizedTest(name = "\"{0}\"")
    @CsvSource({"control_model.", "''"})
    void namesOfTheFirstReleaseAreUnderstood(String prefix) {
        Map<String, Tensor> tensors = first();

        Map<String, float[]> found = constants(write("net.safetensors", original(prefix, tensors)));

        assertThat(found.keySet()).isEqualTo(tensors.keySet());
        found.forEach((name, values) ->
                assertThat(values).as(name).isEqualTo(tensors.get(name).toFloatArray()));
    }

    @Test
    void aFileWithoutAConfigurationIsToldByItsTensors() {
        try (Arena arena = Arena.ofConfined()) {
            ControlNetConfig config = ControlNetModel.load(write("net.safetensors", first()), arena)
                    .config();

            assertThat(config.encoder().downBlocks())
                    .containsExactly(
                            new UNetConfig.Block(32, 1, true, 1, 8, 768, false),
                            new UNetConfig.Block(64, 1, true, 1, 8, 768, false));
            assertThat(config.encoder().midBlock()).isEqualTo(new UNetConfig.Block(64, 2, true, 1, 8, 768, false));
            assertThat(config.encoder().inChannels()).isEqualTo(4);
            assertThat(config.conditioningEmbeddingOutChannels()).containsExactly(4, 6);
            assertThat(config.encoder().textTime()).isNull();
        }
    }

    @Test
    void aConfigurationBesideTheFileCounts() throws IOException {
        Files.writeString(folder.resolve("config.json"), """
            {"_class_name": "ControlNetModel", "block_out_channels": [32, 64], "layers_per_block": 1, "attention_head_dim": 2,
             "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D"], "cross_attention_dim": 768,
             "conditioning_embedding_out_channels": [4, 6]}
            """);
        Path file = write("net.safetensors", first());
        try (Arena arena = Arena.ofConfined()) {
            for (Path path : List.of(file, folder)) {
                UNetConfig encoder = ControlNetModel.load(path, arena).config().encoder();
                assertThat(encoder.downBlocks().getFirst().heads()).isEqualTo(2);
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        lora_controlnet                                | expected a ControlNet, found a Control-LoRA, which is not supported
        control_add_embedding.linear_1.weight          | expected a ControlNet, found a ControlNet Union, which is not supported
        adapter.body.0.in_conv.weight                  | expected a ControlNet, found a T2I-Adapter
        body.0.block1.weight                           | expected a ControlNet, found a T2I-Adapter
        image_proj.proj.weight                         | expected a ControlNet, found an IP-Adapter
        transformer_blocks.0.attn.to_q.weight          | expected a ControlNet, found a model of another family (Flux, Stable Diffusion 3)
        model.diffusion_model.input_blocks.0.0.weight  | expected a ControlNet, found a checkpoint of Stable Diffusion
        up_blocks.0.resnets.0.conv1.weight             | expected a ControlNet, found a denoiser
        something                                      | expected a ControlNet, found no tensor of controlnet_cond_embedding, its first
        """)
    void otherFilesAreNamedForWhatTheyAre(String tensor, String message) {
        Path file = write("other.safetensors", Map.of(tensor, Tensor.of(new float[1], 1)));

        assertThatThrownBy(() -> constants(file))
                .isInstanceOf(ModelException.class)
                .hasMessage(file + ": " + message);
    }

    @Test
    void whatTheTensorsDoNotTellIsAskedFor() {
        Path file = write("net.safetensors", TinyControlNet.tensors(4, 6, 32, 64, 4, 6));

        assertThatThrownBy(() -> constants(file))
                .hasMessage(file + ": the tensors do not tell how many heads the 32 channels of down_blocks.0 have, and"
                        + " there is no config.json beside the file");
    }

    @Test
    void aDamagedFileIsRefusedByName() {
        Map<String, Tensor> tensors = first();
        tensors.put("controlnet_cond_embedding.conv_in.weight", Tensor.of(new float[12], 4, 3));
        Path flat = write("flat.safetensors", tensors);
        assertThatThrownBy(() -> constants(flat))
                .isInstanceOf(ModelException.class)
                .hasMessage("controlnet_cond_embedding.conv_in.weight: expected 4 axes, found [4, 3] in " + flat);

        Map<String, Tensor> lacking = original("control_model.", first());
        lacking.remove("control_model.zero_convs.2.0.bias");
        Path incomplete = write("incomplete.safetensors", lacking);
        assertThatThrownBy(() -> constants(incomplete))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("controlnet_down_blocks.2.bias: missing in " + incomplete);
    }
}
