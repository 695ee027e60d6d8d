package dev.aquarelle.sd.schedulers;

/** What the denoiser was trained to predict from a noisy sample {@code x = signal * x0 + noise * epsilon}. */
public enum PredictionType {
    /** The noise (Ho et al. 2020, arXiv:2006.11239). */
    EPSILON("epsilon"),
    /** The clean sample x0 itself. */
    SAMPLE("sample"),
    /** The velocity {@code signal * epsilon - noise * x0} (Salimans and Ho 2022, arXiv:2202.00512). */
    V_PREDICTION("v_prediction"),
    /** The direction from data to noise, {@code epsilon - x0}, of rectified flows (Liu et al. 2022, arXiv:2209.03003). */
    FLOW_PREDICTION("flow_prediction");

    private final String key;

    PredictionType(String key) {
        this.key = key;
    }

    /** The name in configuration files: {@code prediction_type}. */
    public String key() {
        return key;
    }
}
