package dev.aquarelle.sd.checkpoint;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/** Whether a denoiser predicts the noise or v (arXiv:2202.00512), which only some files say. */
final class Prediction {
    static final String V = "v_prediction";
    static final String EPSILON = "epsilon";

    /** What trainers of SDXL models put in a file that predicts v; what is in it does not matter. */
    private static final String V_MARK = "v_pred";

    /** What the same put beside it if the schedule ends in noise alone (arXiv:2305.08891). */
    private static final String ZERO_SNR_MARK = "ztsnr";

    private static final String STEP = "global_step";
    private static final long STEP_OF_BASE =
            875_000; // at which Stable Diffusion 2 was a base model that predicts the noise

    private static final String TELLING = LdmUNet.PREFIX + ".output_blocks.11.1.transformer_blocks.0.norm1.bias";
    private static final double LARGEST_DEVIATION_OF_BASE = 0.09;

    private Prediction() {}

    /**
     * A mark decides, or diffusers' rule of the training step. Else a model of version 2 is told by how far the biases of one layer norm
     * spread, a measure of ComfyUI's that holds for the published models and what was trained from them; one that is shown a
     * picture predicts the noise.
     *
     * @param file names and shapes of all tensors
     * @param path the file itself, of which one small tensor may be read
     */
    static String of(Weights file, Family family, Path path) {
        if (file.has(V_MARK)) {
            return V;
        }
        if (family != Family.SD2 || LdmUNet.inChannels(file) != 4) {
            return EPSILON;
        }
        try (Arena arena = Arena.ofConfined()) {
            Weights mapped = Weights.open(path, arena);
            if (isStepOfBase(mapped)) {
                return EPSILON;
            }
            return !mapped.has(TELLING) || deviation(mapped.get(TELLING)) > LARGEST_DEVIATION_OF_BASE ? V : EPSILON;
        }
    }

    /** Whether the schedule ends in noise alone. */
    static boolean endsInNoise(Weights file) {
        return file.has(V_MARK) && file.has(ZERO_SNR_MARK);
    }

    private static boolean isStepOfBase(Weights mapped) {
        if (!mapped.has(STEP)) {
            return false;
        }
        Tensor step = mapped.get(STEP);
        return step.shape().size() == 1 && step.dtype().readDouble(step.data(), 0) == STEP_OF_BASE;
    }

    private static double deviation(Tensor tensor) {
        float[] values = tensor.toFloatArray();
        double sum = 0;
        double squares = 0;
        for (float value : values) {
            sum += value;
            squares += (double) value * value;
        }
        double mean = sum / values.length;
        return Math.sqrt(Math.max(0, squares / values.length - mean * mean));
    }
}
