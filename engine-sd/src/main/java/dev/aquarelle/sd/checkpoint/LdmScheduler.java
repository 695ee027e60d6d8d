package dev.aquarelle.sd.checkpoint;

import com.google.gson.JsonObject;
import dev.aquarelle.sd.ModelConfig;

/** The schedulers of published models, which their checkpoints of one file do not have: those that diffusers takes for them. */
final class LdmScheduler {
    private static final String SCHEDULE = """
        {"_class_name": "%s", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
         "num_train_timesteps": 1000, "prediction_type": "%s", "set_alpha_to_one": false, "skip_prk_steps": true,
         "steps_offset": 1, "clip_sample": false, "trained_betas": null}\
        """;

    private static final String XL = """
        {"timestep_spacing": "leading", "interpolation_type": "linear", "use_karras_sigmas": false}\
        """;

    /** Steps must begin where there is noise alone, else the model never sees what it was trained for (arXiv:2305.08891). */
    private static final String ZERO_SNR = """
        {"rescale_betas_zero_snr": true, "timestep_spacing": "trailing"}\
        """;

    private LdmScheduler() {}

    /**
     * The scheduler of a family.
     *
     * @param where what messages call its place
     * @param endsInNoise whether the schedule is rescaled to a last step of noise alone
     */
    static ModelConfig config(String where, Family family, String predictionType, boolean endsInNoise) {
        String name = family.isXl()
                ? "EulerDiscreteScheduler"
                : predictionType.equals(Prediction.V) ? "DDIMScheduler" : "PNDMScheduler";
        JsonObject own = new JsonObject();
        own.addProperty("_class_name", name);
        own.addProperty("prediction_type", predictionType);
        ModelConfig config = ModelConfig.parse(where, SCHEDULE).with(ModelConfig.parse(where, own.toString()));
        ModelConfig extended = family.isXl() ? config.with(ModelConfig.parse(where, XL)) : config;
        return endsInNoise ? extended.with(ModelConfig.parse(where, ZERO_SNR)) : extended;
    }
}
