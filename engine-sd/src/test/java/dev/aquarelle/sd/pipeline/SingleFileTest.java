package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.checkpoint.LdmFile;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.checkpoint.ReplacedParts;
import dev.aquarelle.sd.checkpoint.SingleFile;
import dev.aquarelle.sd.checkpoint.VaeFile;
import dev.aquarelle.sd.checkpoint.WithPrediction;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A checkpoint of one file makes the pictures that the same model makes as a folder. */
class SingleFileTest {
    private static final TextToImage REQUEST =
            TextToImage.builder("an owl").size(64, 48).steps(2).seed(7).build();
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final Path DEMO = DemoModel.path();

    @TempDir
    private Path folder;

    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void unmap() {
        arena.close();
    }

    /** The demo model: of the family of Stable Diffusion 1, with three levels and sizes of its own. */
    private LdmFile demo() {
        return new LdmFile()
                .unet(Weights.open(DEMO.resolve("unet"), arena), 1)
                .vae(Weights.open(DEMO.resolve("vae"), arena), 4)
                .clip(Weights.open(DEMO.resolve("text_encoder"), arena), "cond_stage_model.transformer.");
    }

    /** What no shape tells of it, and what is not that of Stable Diffusion 1. */
    private static ModelConfig told() throws IOException {
        return ModelConfig.parse("told", """
            {"unet": {"attention_head_dim": 4, "sample_size": 16},
             "vae": {"norm_num_groups": 4, "scaling_factor": 1.0},
             "text_encoder": {"num_attention_heads": 4},
             "scheduler": %s, "generation_config": %s}\
            """.formatted(
                        Files.readString(DEMO.resolve("scheduler/scheduler_config.json")),
                        Files.readString(DEMO.resolve("generation_config.json"))));
    }

    private ModelSource source(LdmFile tensors) throws IOException {
        SingleFile file = SingleFile.open(tensors.write(folder.resolve("demo.safetensors")), told());
        return new ReplacedParts(file, Map.of("tokenizer", DEMO.resolve("tokenizer")));
    }

    private static GeneratedImage picture(ModelSource source) {
        EngineOptions options = new EngineOptions("cpu", BackendOptions.DEFAULT, MemoryBudget.UNLIMITED);
        try (StableDiffusion engine = StableDiffusion.load(source, options)) {
            return engine.generate(REQUEST).getFirst();
        }
    }

    @Test
    void thePictureIsThatOfTheFolder() throws IOException {
        GeneratedImage expected = picture(ModelSource.open(DEMO));

        GeneratedImage actual = picture(source(demo()));

        assertThat(actual.image()).isEqualTo(expected.image());
        assertThat(actual.parameters()).isEqualTo(expected.parameters());
    }

    /** Kernels widen exactly, so the wide file must make the same bits. */
    @ParameterizedTest
    @EnumSource(names = {"F8_E4M3", "F8_E5M2"})
    void narrowWeightsMakeThePictureOfTheSameNumbersInFloat32(DType type) throws IOException {
        LdmFile narrow = demo();
        byte[] table = narrowed(type);
        narrow.tensors().replaceAll((_, tensor) -> narrowed(tensor, type, table));
        GeneratedImage actual = picture(source(narrow));
        LdmFile wide = new LdmFile();
        narrow.tensors()
                .forEach((name, tensor) -> wide.put(
                        name, Tensor.of(tensor.toFloatArray(), tensor.shape().dims())));

        assertThat(actual.image()).isEqualTo(picture(source(wide)).image());
        assertThat(actual.image()).isNotEqualTo(picture(ModelSource.open(DEMO)).image());
    }

    /** For each number of 16 bits the nearest of the type, or the one it begins with. */
    private static byte[] narrowed(DType type) {
        byte[] table = new byte[1 << 16];
        for (int half = 0; half < table.length; half++) {
            table[half] = type == DType.F8_E4M3 ? nearest(Float.float16ToFloat((short) half)) : (byte) (half >>> 8);
        }
        return table;
    }

    private static byte nearest(float value) {
        MemorySegment one = MemorySegment.ofArray(new byte[1]);
        int best = 0;
        float distance = Float.POSITIVE_INFINITY;
        for (int bits = 0; bits < 256; bits++) {
            one.fill((byte) bits);
            float other = Math.abs(DType.F8_E4M3.readFloat(one, 0) - value);
            if (other < distance) {
                best = bits;
                distance = other;
            }
        }
        return (byte) best;
    }

    private static Tensor narrowed(Tensor tensor, DType type, byte[] table) {
        if (tensor.dtype() != DType.F16) {
            return tensor; // positions
        }
        byte[] bytes = new byte[(int) tensor.shape().size()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = table[tensor.data().get(HALF, 2L * i) & 0xFFFF];
        }
        return new Tensor(tensor.shape(), type, MemorySegment.ofArray(bytes));
    }

    @Test
    void aMissingPartIsNamedAndCanBeGiven() throws IOException {
        LdmFile tensors = demo();
        tensors.tensors().keySet().removeIf(name -> name.startsWith("first_stage_model."));
        ModelSource source = source(tensors);
        GeneratedImage expected = picture(ModelSource.open(DEMO));

        assertThat(source.has("vae")).isFalse();
        assertThatThrownBy(() -> picture(source))
                .isInstanceOf(ModelException.class)
                .hasMessage(folder.resolve("demo.safetensors")
                        + ": the checkpoint has no vae; one from elsewhere can be put beside it");
        GeneratedImage actual = picture(new ReplacedParts(source, Map.of("vae", DEMO.resolve("vae"))));
        assertThat(actual.image()).isEqualTo(expected.image());
    }

    /** In a file of its own, as they are published, or inside of another checkpoint. */
    @ParameterizedTest
    @ValueSource(strings = {"", "first_stage_model."})
    void anAutoencoderFromAFileTakesThePlaceOfTheModels(String prefix) throws IOException {
        LdmFile published = new LdmFile().vae(Weights.open(DEMO.resolve("vae"), arena), 4);
        LdmFile other = new LdmFile();
        published
                .tensors()
                .forEach(
                        (name, tensor) -> other.put(name.replace("first_stage_model.", prefix), doubled(name, tensor)));
        Path file = other.write(folder.resolve("other-vae.safetensors"));
        ModelSource same =
                VaeFile.over(source(demo()), DEMO.resolve("vae").resolve("diffusion_pytorch_model.safetensors"));

        GeneratedImage expected = picture(ModelSource.open(DEMO));
        GeneratedImage actual = picture(VaeFile.over(ModelSource.open(DEMO), file));

        assertThat(picture(same).image()).isEqualTo(expected.image());
        assertThat(actual.image()).isNotEqualTo(expected.image());
        assertThat(actual.parameters().values()).containsEntry("VAE", "other-vae.safetensors");
    }

    /** Another brightness. */
    private static Tensor doubled(String name, Tensor tensor) {
        if (!name.endsWith("decoder.conv_out.bias")) {
            return tensor;
        }
        float[] values = tensor.toFloatArray();
        for (int i = 0; i < values.length; i++) {
            values[i] += 0.25f;
        }
        return Tensor.of(values, tensor.shape().dims());
    }

    @Test
    void whatIsNoAutoencoderIsNamed() throws IOException {
        ModelSource demo = ModelSource.open(DEMO);
        Path text = DEMO.resolve("text_encoder/model.safetensors");
        Path json = DEMO.resolve("model_index.json");

        assertThatThrownBy(() -> VaeFile.over(demo, text))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith(
                        text + ": expected an autoencoder in the original layout, or in diffusers' with its")
                .hasMessageEndingWith("found: CLIP text encoder of width 128");
        assertThatThrownBy(() -> VaeFile.over(demo, json))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith(json + ": expected an autoencoder");
    }

    @Test
    void whatItPredictsCanBeTold() {
        ModelSource told = new WithPrediction(ModelSource.open(DEMO), "v_prediction");

        GeneratedImage made = picture(told);

        assertThat(told.scheduler().toString()).contains("\"v_prediction\"");
        assertThat(made.image()).isNotEqualTo(picture(ModelSource.open(DEMO)).image());
        assertThat(made.parameters().values()).containsEntry("Prediction type", "v_prediction");
    }

    @Test
    void aFileIsLoadedAsAFolderIs() throws IOException {
        Path file = demo().write(folder.resolve("model.safetensors"));

        // with CLIP's own vocabulary, which is not this model's
        assertThatThrownBy(() -> StableDiffusion.load(file))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("expected a vocab_size of at least 49408")
                .hasMessageContaining("found 2104");
    }

    @Test
    void aFileTellsItsNameAndWhatItIsFor() throws IOException {
        SingleFile file = SingleFile.open(demo().write(folder.resolve("an owl.v2.safetensors")), told());
        LdmFile wider = demo().put(
                        "model.diffusion_model.input_blocks.0.0.weight", Tensor.of(new float[96 * 9 * 9], 96, 9, 3, 3));
        SingleFile inpainting = SingleFile.open(wider.write(folder.resolve("b.safetensors")), told());

        assertThat(file.name()).isEqualTo("an owl.v2");
        assertThat(file.has("tokenizer")).isTrue();
        assertThat(file.has("tokenizer_2")).isFalse();
        assertThat(file.has("text_encoder_2")).isFalse();
        assertThat(file.index().string("_class_name")).isEqualTo("StableDiffusionPipeline");
        assertThat(inpainting.index().string("_class_name")).isEqualTo("StableDiffusionInpaintPipeline");
        assertThat(inpainting.config("unet").integer("in_channels", 1, 99)).isEqualTo(9);
    }
}
