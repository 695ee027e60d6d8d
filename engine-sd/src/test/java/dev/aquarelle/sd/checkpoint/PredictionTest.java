package dev.aquarelle.sd.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.ListedWeights;
import dev.aquarelle.sd.ModelConfig;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a denoiser predicts, by the marks and numbers that tell. */
class PredictionTest {
    private static final String TELLING = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias";

    @TempDir
    Path folder;

    private static LdmFile file(int channels) {
        return new LdmFile()
                .put("model.diffusion_model.input_blocks.0.0.weight", ListedWeights.zeros(1, channels, 3, 3));
    }

    private String of(LdmFile tensors, Family family) throws IOException {
        Path file = tensors.write(folder.resolve("model.safetensors"));
        try (Arena arena = Arena.ofConfined()) {
            return Prediction.of(Weights.open(file, arena), family, file);
        }
    }

    @Test
    void aModelPredictsNoiseUnlessItIsMarked() throws IOException {
        assertThat(of(file(4), Family.SD1)).isEqualTo("epsilon");
        assertThat(of(file(4), Family.SDXL)).isEqualTo("epsilon");
        assertThat(of(file(4).put("v_pred", Tensor.of(new float[0], 0)), Family.SDXL))
                .isEqualTo("v_prediction");
        assertThat(of(file(4).put("v_pred", Tensor.of(new float[0], 0)), Family.SD1))
                .isEqualTo("v_prediction");
    }

    @Test
    void modelsOfVersion2AreToldByTheSpreadOfOneTensor() throws IOException {
        assertThat(of(file(4), Family.SD2)).isEqualTo("v_prediction");
        assertThat(of(file(4).put(TELLING, Tensor.of(new float[] {1.1f, 0.9f}, 2)), Family.SD2))
                .isEqualTo("v_prediction");
        assertThat(of(file(4).put(TELLING, Tensor.of(new float[] {1.05f, 0.95f}, 2)), Family.SD2))
                .isEqualTo("epsilon");
    }

    @Test
    void theBaseModelOfVersion2IsToldByItsStep() throws IOException {
        assertThat(of(file(4).put("global_step", Tensor.of(new int[] {875_000}, 1)), Family.SD2))
                .isEqualTo("epsilon");
        assertThat(of(file(4).put("global_step", Tensor.of(new int[] {140_000}, 1)), Family.SD2))
                .isEqualTo("v_prediction");
        assertThat(of(file(9), Family.SD2)).isEqualTo("epsilon");
    }

    @Test
    void schedulersAreThoseOfThePublishedModels() {
        assertThat(scheduler(Family.SD1, "epsilon", false))
                .contains("PNDMScheduler", "\"beta_start\":8.5E-4", "\"beta_end\":0.012", "\"steps_offset\":1");
        assertThat(scheduler(Family.SD2, "v_prediction", false)).contains("DDIMScheduler", "v_prediction");
        assertThat(scheduler(Family.SDXL, "epsilon", false))
                .contains("EulerDiscreteScheduler", "\"timestep_spacing\":\"leading\"")
                .doesNotContain("zero_snr");
        assertThat(scheduler(Family.SDXL, "v_prediction", true))
                .contains("\"rescale_betas_zero_snr\":true", "\"timestep_spacing\":\"trailing\"");
    }

    private static String scheduler(Family family, String prediction, boolean endsInNoise) {
        ModelConfig config = LdmScheduler.config("scheduler", family, prediction, endsInNoise);
        return config.toString().replace("0.00085", "8.5E-4");
    }
}
