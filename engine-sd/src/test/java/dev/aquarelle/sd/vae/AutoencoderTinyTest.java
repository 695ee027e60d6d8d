package dev.aquarelle.sd.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.Sines;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A tiny autoencoder of two levels, in all its layouts. The expected numbers are diffusers' of the same weights and inputs ({@link Sines}):
 * <pre>
 * vae = AutoencoderTiny(encoder_block_out_channels=(4, 4), decoder_block_out_channels=(4, 4), num_encoder_blocks=(1, 2),
 *                       num_decoder_blocks=(2, 1), latent_channels=2)
 * sd = vae.state_dict()
 * for k, name in enumerate(sorted(sd)):
 *     sd[name].copy_(torch.tensor([0.15 * math.sin(0.7 * (i + 1) + 0.31 * k) for i in range(sd[name].numel())]).reshape(sd[name].shape))
 * vae.decode(latents).sample.permute(0, 2, 3, 1), vae.encode(picture).latents.permute(0, 2, 3, 1)
 * </pre>
 */
class AutoencoderTinyTest {
    private static final Tensor LATENTS = Sines.input(4, 0, 1, 2, 2, 2);
    private static final Tensor PICTURE = Sines.input(1, 0, 1, 4, 4, 3);
    private static final float[] DECODED = Sines.numbers("""
        -0.9073241 -0.8191839 -0.8713802 -1.6383026 -1.5590719 -1.6168317 -2.3034940 -2.2540507 -2.3384552 -1.3927605
        -1.3903345 -1.5256622 -1.0478396 -1.0103474 -1.1123271 -0.5431501 -0.5438741 -0.6861796 0.1945727 0.1693873
        -0.0006051 0.3122277 0.3623091 0.2667111 -0.0229439 0.0949078 0.0682894 0.0729905 0.2936422 0.3689251
        -0.3953128 -0.1065602 0.0386333 -2.0191841 -1.8011675 -1.7190473 -2.2107000 -2.1687524 -2.2610388 -3.1967921
        -3.2053845 -3.3435228 -3.4670413 -3.5233457 -3.7077582 -2.1117496 -2.2013264 -2.4249897
        """);
    private static final float[] ENCODED = Sines.numbers("""
        0.2813851 0.2453172 0.0748048 0.0407333 -0.1553928 -0.2101403 -0.0707447 -0.1384403
        """);
    private static final String CONFIG = """
        {"_class_name": "AutoencoderTiny", "latent_channels": 2, "encoder_block_out_channels": [4, 4],
         "decoder_block_out_channels": [4, 4], "num_encoder_blocks": [1, 2], "num_decoder_blocks": [2, 1]%s}
        """;
    private static final Map<String, Tensor> TENSORS = tensors();

    @TempDir
    Path folder;

    private static Map<String, Tensor> tensors() {
        Sines sines = new Sines()
                .conv("encoder.layers.0", 3, 4)
                .convWithoutBias("encoder.layers.2", 4, 4)
                .conv("encoder.layers.5", 4, 2)
                .conv("decoder.layers.0", 2, 4)
                .convWithoutBias("decoder.layers.5", 4, 4)
                .conv("decoder.layers.7", 4, 3);
        for (String block : List.of("encoder.layers.1", "encoder.layers.3", "encoder.layers.4")) {
            block(sines, block);
        }
        for (String block : List.of("decoder.layers.2", "decoder.layers.3", "decoder.layers.6")) {
            block(sines, block);
        }
        return sines.tensors(0.15);
    }

    private static void block(Sines sines, String name) {
        for (int conv = 0; conv <= 4; conv += 2) {
            sines.conv("%s.conv.%d".formatted(name, conv), 4, 4);
        }
    }

    private static AutoencoderTinyConfig config(String more) {
        return AutoencoderTinyConfig.of(ModelConfig.parse("vae/config.json", CONFIG.formatted(more)));
    }

    private static AutoencoderTiny published() {
        return AutoencoderTiny.load(Sines.weights(TENSORS), config(""));
    }

    /** One way's tensors under other names. */
    private static Map<String, Tensor> renamed(String way, UnaryOperator<String> name) {
        Map<String, Tensor> renamed = new LinkedHashMap<>();
        String start = way + ".layers.";
        TENSORS.forEach((key, tensor) -> {
            if (key.startsWith(start)) {
                renamed.put(name.apply(key.substring(start.length())), tensor);
            }
        });
        return renamed;
    }

    /** In the original decoder the bounding of the latents is layer 0. */
    private static String oneHigher(String name) {
        int dot = name.indexOf('.');
        return Integer.parseInt(name.substring(0, dot)) + 1 + name.substring(dot);
    }

    private static Weights originalEncoder() {
        return Sines.weights(renamed("encoder", name -> name));
    }

    private static Weights originalDecoder() {
        return Sines.weights(renamed("decoder", AutoencoderTinyTest::oneHigher));
    }

    private static float[] run(Graph graph, Tensor input) {
        try (Backend backend = Backends.open("reference", BackendOptions.DEFAULT);
                Program program = backend.compile(graph)) {
            return program.run(input).toFloatArray();
        }
    }

    private static void assertIsTheModel(AutoencoderTiny vae) {
        assertThat(run(vae.decoderGraph(1, 2, 2), LATENTS)).containsExactly(DECODED, within(2e-5f));
        assertThat(run(vae.encoderGraph(1, 4, 4), PICTURE)).containsExactly(ENCODED, within(2e-5f));
    }

    @Test
    void agreesWithDiffusers() {
        assertIsTheModel(published());
    }

    @Test
    void theOriginalFilesAreToldApartByTheirTensors() {
        assertIsTheModel(AutoencoderTiny.loadOriginal(originalEncoder(), originalDecoder()));
        assertIsTheModel(AutoencoderTiny.loadOriginal(originalDecoder(), originalEncoder()));
    }

    @ParameterizedTest(name = "{0} and {1}")
    @CsvSource({
        "encoder., decoder., true",
        "taesd_encoder., taesd_decoder., true",
        "encoder.layers., decoder.layers., false",
        "encoder., decoder., false"
    })
    void oneFileMayHoldBothWays(String encoder, String decoder, boolean decoderCountsItsBounding) {
        Map<String, Tensor> both = renamed("encoder", name -> encoder + name);
        both.putAll(renamed("decoder", name -> decoder + (decoderCountsItsBounding ? oneHigher(name) : name)));
        both.put("vae_scale", Tensor.of(new float[] {0.18215f}, 1)); // of pipelines that unscale latents

        assertIsTheModel(AutoencoderTiny.loadOriginal(Sines.weights(both)));
    }

    @Test
    void aDecoderWithBareNumbersIsKnownWithoutItsBoundingToo() {
        AutoencoderTiny vae = AutoencoderTiny.loadOriginal(Sines.weights(renamed("decoder", name -> name)));

        assertThat(run(vae.decoderGraph(1, 2, 2), LATENTS)).containsExactly(DECODED, within(2e-5f));
    }

    @Test
    void halfAModelGoesOneWay() throws IOException {
        Path file = folder.resolve("any name.safetensors");
        SafetensorsWriter writer = new SafetensorsWriter();
        renamed("decoder", AutoencoderTinyTest::oneHigher).forEach(writer::add);
        writer.write(file);

        try (Arena arena = Arena.ofShared()) {
            AutoencoderTiny vae = AutoencoderTiny.load(file, arena);
            assertThat(vae.hasEncoder()).isFalse();
            assertThat(List.of(vae.scale(), vae.latentChannels(), vae.outChannels()))
                    .isEqualTo(List.of(2, 2, 3));
            assertThat(run(vae.decoderGraph(1, 2, 2), LATENTS)).containsExactly(DECODED, within(2e-5f));
            assertThatThrownBy(() -> vae.encoderGraph(1, 4, 4))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("has no encoder");
        }
        AutoencoderTiny encoder = AutoencoderTiny.loadOriginal(originalEncoder());
        assertThat(List.of(encoder.scale(), encoder.latentChannels(), encoder.inChannels()))
                .isEqualTo(List.of(2, 2, 3));
        assertThatThrownBy(() -> encoder.decoderGraph(1, 2, 2)).hasMessageContaining("has no decoder");
    }

    @Test
    void aFolderIsLoadedAsWhatItsConfigurationSays() throws IOException {
        Files.writeString(folder.resolve("config.json"), CONFIG.formatted(""));
        SafetensorsWriter writer = new SafetensorsWriter();
        TENSORS.forEach(writer::add);
        writer.write(folder.resolve("diffusion_pytorch_model.safetensors"));

        try (Arena arena = Arena.ofShared()) {
            assertIsTheModel((AutoencoderTiny) Autoencoder.load(folder, arena));
            Files.writeString(folder.resolve("config.json"), "{\"_class_name\": \"AutoencoderDC\"}");
            assertThatThrownBy(() -> Autoencoder.load(folder, arena))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("_class_name \"AutoencoderDC\" is not supported");
        }
    }

    @Test
    void latentsAreScaledForTheUNetWithoutNoise() {
        AutoencoderTiny vae =
                AutoencoderTiny.load(Sines.weights(TENSORS), config(", \"scaling_factor\": 0.5, \"shift_factor\": 1"));
        Tensor encoded = Tensor.of(new float[] {3, -1}, 1, 1, 1, 2);

        Tensor latents = vae.latents(encoded, shape -> {
            throw new AssertionError("asked for noise " + shape);
        });

        assertThat(latents.toFloatArray()).containsExactly(1, -1);
        Graph back = Graph.of(g -> vae.unscale(g, g.input("latents", 1, 1, 1, 2)));
        assertThat(run(back, latents)).containsExactly(3, -1);
    }

    @Test
    void refusesWhatIsNotThere() {
        Map<String, Tensor> holes = renamed("decoder", AutoencoderTinyTest::oneHigher);
        holes.remove("4.conv.2.bias");

        assertThatThrownBy(() -> AutoencoderTiny.loadOriginal(Sines.weights(holes)))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("4.conv.2.bias: missing in model.safetensors");
        assertThatThrownBy(() -> AutoencoderTiny.loadOriginal(Sines.weights(Map.of("x", LATENTS))))
                .isInstanceOf(ModelException.class)
                .hasMessage("model.safetensors: expected the layers of a tiny autoencoder, found none");
    }

    @Test
    void refusesLayersItDoesNotKnow() {
        Map<String, Tensor> normed = renamed("encoder", name -> name);
        normed.put("3.pool.0.weight", LATENTS);
        Map<String, Tensor> biased = renamed("encoder", name -> name);
        biased.put("2.bias", Tensor.of(new float[4], 4));

        assertThatThrownBy(() -> AutoencoderTiny.loadOriginal(Sines.weights(normed)))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("3.pool.0.weight: expected the layers of a tiny autoencoder only, found this in"
                        + " model.safetensors");
        assertThatThrownBy(() -> AutoencoderTiny.loadOriginal(Sines.weights(biased)))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("2.bias: expected no bias between two levels of a tiny autoencoder, found one in"
                        + " model.safetensors");
    }

    @Test
    void refusesWaysThatDoNotBelongTogether() {
        Sines other = new Sines().conv("0", 3, 4).conv("1", 4, 2);

        assertThatThrownBy(() -> AutoencoderTiny.loadOriginal(Sines.weights(other.tensors(1)), originalDecoder()))
                .isInstanceOf(ModelException.class)
                .hasMessage(
                        "model.safetensors, model.safetensors: the encoder gives 2 channels over 1 levels, the decoder"
                                + " takes 2 over 2: expected the same");
        assertThatThrownBy(() -> AutoencoderTiny.loadOriginal(originalDecoder(), originalDecoder()))
                .isInstanceOf(ModelException.class)
                .hasMessage("model.safetensors, model.safetensors: expected one decoder, found 2");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "act_fn | \"gelu\" | act_fn \"gelu\" is not supported, only relu",
                "upsample_fn | \"bilinear\" | upsample_fn \"bilinear\" is not supported, only nearest",
                "upsampling_scaling_factor | 4 | upsampling_scaling_factor 4 is not supported, only 2",
                "scaling_factor | 0 | scaling_factor: expected a number other than 0, found 0",
            })
    void saysWhichFieldItDoesNotTake(String field, String value, String message) {
        assertThatThrownBy(() -> config(", \"%s\": %s".formatted(field, value)))
                .isInstanceOf(ModelException.class)
                .hasMessage("vae/config.json: " + message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"num_encoder_blocks\": [] | num_encoder_blocks: expected 1 to 16 levels, found []",
                "\"num_encoder_blocks\": [1] | encoder_block_out_channels: expected 1 levels, as num_encoder_blocks"
                        + " has, found nothing",
                "\"decoder_block_out_channels\": [8, 8, 8, 4] | decoder_block_out_channels: expected the same number"
                        + " for all levels, found [8,8,8,4]",
                "\"num_decoder_blocks\": [1], \"decoder_block_out_channels\": [8] | num_decoder_blocks: expected 4"
                        + " levels, as num_encoder_blocks has, found [1]",
            })
    void saysWhatDoesNotFit(String fields, String message) {
        assertThatThrownBy(() -> AutoencoderTinyConfig.of(ModelConfig.parse("config.json", "{" + fields + "}")))
                .isInstanceOf(ModelException.class)
                .hasMessage("config.json: " + message);
    }

    @Test
    void withoutFieldsItIsTaesd() {
        AutoencoderTinyConfig config = AutoencoderTinyConfig.of(ModelConfig.parse("config.json", "{}"));

        assertThat(config.scale()).isEqualTo(8);
        assertThat(config.encoder()).isEqualTo(new AutoencoderTinyConfig.Levels(64, List.of(1, 3, 3, 3)));
        assertThat(config.decoder()).isEqualTo(new AutoencoderTinyConfig.Levels(64, List.of(3, 3, 3, 1)));
        assertThat(config.scalingFactor()).isEqualTo(1);
    }
}
