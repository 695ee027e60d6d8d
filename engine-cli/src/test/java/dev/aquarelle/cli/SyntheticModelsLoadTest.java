package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.clip.ClipTextConfig;
import dev.aquarelle.sd.clip.ClipTextModel;
import dev.aquarelle.sd.unet.UNet2DConditionModel;
import dev.aquarelle.sd.unet.UNetConfig;
import dev.aquarelle.sd.unet.UNetInputs;
import dev.aquarelle.sd.vae.AutoencoderKL;
import dev.aquarelle.sd.vae.VaeConfig;
import dev.aquarelle.weights.SyntheticModel;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The models of full size that {@code synth} writes have all the tensors that the engine's models look for, and no others. Graphs are built, nothing is
 * computed.
 */
class SyntheticModelsLoadTest {
    private static final int TOKENS = 77;

    @ParameterizedTest(name = "{0}")
    @CsvSource({"SD15, 64, 0", "SD2, 96, 0", "SDXL, 128, 1280", "SDXL_REFINER, 128, 1280"})
    void theDenoiserUsesEveryTensor(SyntheticModel model, int latents, int pooledDim) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            UNetConfig config = UNetConfig.of(config(model, "unet"));
            UNet2DConditionModel unet = UNet2DConditionModel.load(weights(model, "unet", arena), config);

            Graph graph = unet.graph(new UNetInputs.Sizes(2, latents, latents, TOKENS, pooledDim));

            assertThat(config.sampleHeight()).isEqualTo(latents);
            assertThat(constants(graph)).isEqualTo(shapes(model, "unet").size());
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "SD15, text_encoder, 768",
        "SD2, text_encoder, 1024",
        "SDXL, text_encoder, 768",
        "SDXL, text_encoder_2, 1280",
        "SDXL_REFINER, text_encoder_2, 1280"
    })
    void theTextEncoderUsesEveryTensor(SyntheticModel model, String part, int width) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            ClipTextModel encoder =
                    ClipTextModel.load(weights(model, part, arena), ClipTextConfig.of(config(model, part)));

            Graph graph = Graph.of(g -> encoder.pooled(
                    g,
                    encoder.promptEmbeds(g, g.input("ids", DType.I32, 1, TOKENS), 0),
                    g.input("positions", DType.I32, 1)));

            assertThat(graph.outputs().values()).singleElement().returns(Shape.of(1, width), Value::shape);
            assertThat(constants(graph)).isEqualTo(shapes(model, part).size());
        }
    }

    @ParameterizedTest
    @EnumSource
    void theAutoencoderUsesEveryTensor(SyntheticModel model) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            AutoencoderKL vae = AutoencoderKL.load(weights(model, "vae", arena), VaeConfig.of(config(model, "vae")));

            long both = constants(vae.encoderGraph(1, 64, 64)) + constants(vae.decoderGraph(1, 8, 8));

            assertThat(both).isEqualTo(shapes(model, "vae").size());
        }
    }

    private static long constants(Graph graph) {
        return graph.values().stream()
                .filter(value -> value.op() instanceof SourceOp.Constant)
                .count();
    }

    private static Map<String, Shape> shapes(SyntheticModel model, String part) {
        return Objects.requireNonNull(model.tensors().get(part));
    }

    /** Only shapes count: all tensors are the same memory, of zeros. */
    private static Weights weights(SyntheticModel model, String part, Arena arena) {
        Map<String, Shape> shapes = shapes(model, part);
        long largest = shapes.values().stream().mapToLong(Shape::size).max().orElseThrow();
        MemorySegment zeros = arena.allocate(DType.F16.bytesFor(largest), Tensor.ALIGNMENT);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        shapes.forEach((name, shape) ->
                tensors.put(name, new Tensor(shape, DType.F16, zeros.asSlice(0, DType.F16.bytesFor(shape.size())))));
        return Weights.of(part, tensors);
    }

    private static ModelConfig config(SyntheticModel model, String part) throws IOException {
        String file = model.id() + "/" + part + "/config.json";
        try (InputStream in = Objects.requireNonNull(SyntheticModel.class.getResourceAsStream(file), file)) {
            return ModelConfig.parse(file, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }
}
