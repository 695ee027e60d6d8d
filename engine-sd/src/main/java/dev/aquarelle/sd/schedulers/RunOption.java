package dev.aquarelle.sd.schedulers;

import java.util.Arrays;
import java.util.stream.Collectors;

/** What a run can ask of a scheduler beyond the number of steps; each scheduler knows some of them. */
public enum RunOption {
    /** The timesteps themselves, falling, in place of a number of steps. */
    TIMESTEPS("timesteps", 0, 0),
    /** The sigmas themselves, falling, the last one 0 as a rule, in place of a number of steps. */
    SIGMAS("sigmas", 0, 0),
    /** How much of the noise a step takes away is put back as new noise: 0 is deterministic (DDIM and TCD, where it is named gamma). */
    ETA("eta", 0, 1),
    /** DDIM: 1 to take the noise from the clipped prediction of the clean sample, 0 to take it as predicted. */
    USE_CLIPPED_MODEL_OUTPUT("use_clipped_model_output", 0, 1),
    /** Euler: how much noise a step adds before it starts (Karras et al. 2022, algorithm 2). */
    S_CHURN("s_churn", 0, Double.MAX_VALUE),
    /** Euler: the smallest sigma at which noise is added. */
    S_TMIN("s_tmin", 0, Double.MAX_VALUE),
    /** Euler: the largest sigma at which noise is added. */
    S_TMAX("s_tmax", 0, Double.POSITIVE_INFINITY),
    /** The standard deviation of the noise that is added, 1 if absent. */
    S_NOISE("s_noise", 0, Double.MAX_VALUE),
    /** LMS: how many derivatives a step uses, 4 if absent. */
    ORDER("order", 1, 16),
    /** LCM and TCD: how many steps the distilled schedule has, of which the run takes some. */
    ORIGINAL_INFERENCE_STEPS("original_inference_steps", 1, Integer.MAX_VALUE),
    /** LCM and TCD: which part of the distilled schedule is used, counted from its clean end. */
    STRENGTH("strength", 0, 1);

    private final String key;
    private final double min;
    private final double max;

    RunOption(String key, double min, double max) {
        this.key = key;
        this.min = min;
        this.max = max;
    }

    /** The name in the reference implementation and in messages. */
    public String key() {
        return key;
    }

    /**
     * The option of a name.
     *
     * @throws SchedulerException if there is none
     */
    public static RunOption of(String key) {
        return Arrays.stream(values())
                .filter(option -> option.key.equals(key))
                .findFirst()
                .orElseThrow(() -> new SchedulerException("%s: unknown option of a run; known are %s"
                        .formatted(
                                key, Arrays.stream(values()).map(RunOption::key).collect(Collectors.joining(", ")))));
    }

    void check(double value) {
        if (!(value >= min && value <= max)) {
            throw new SchedulerException(
                    "%s: expected a number from %s to %s, found %s".formatted(key, min, max, value));
        }
    }
}
