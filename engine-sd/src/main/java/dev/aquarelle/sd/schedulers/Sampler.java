package dev.aquarelle.sd.schedulers;

import com.google.gson.JsonElement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A sampler as users know it: a scheduler and the options that make it what its name says.
 *
 * @param name the one that is shown
 * @param aliases further names, written like {@link #plain}
 * @param spacings whether the name may have a layout of sigmas behind it
 * @param options what the name stands for: texts, whole numbers and truth values
 */
record Sampler(String name, List<String> aliases, SchedulerKind kind, boolean spacings, Map<String, Object> options) {

    /** Layouts of sigmas that may stand behind a name. */
    private static final List<SigmaSpacing> LAYOUTS =
            List.of(SigmaSpacing.KARRAS, SigmaSpacing.EXPONENTIAL, SigmaSpacing.BETA);

    private static final List<Sampler> ALL = List.of(
            new Sampler("ddim", List.of(), SchedulerKind.DDIM, false, Map.of()),
            new Sampler("ddpm", List.of(), SchedulerKind.DDPM, false, Map.of()),
            new Sampler("pndm", List.of("plms"), SchedulerKind.PNDM, false, Map.of("skip_prk_steps", true)),
            new Sampler("euler", List.of(), SchedulerKind.EULER, true, Map.of()),
            new Sampler("euler_a", List.of("eulerancestral"), SchedulerKind.EULER_ANCESTRAL, false, Map.of()),
            new Sampler("heun", List.of(), SchedulerKind.HEUN, true, Map.of()),
            new Sampler("dpm2", List.of(), SchedulerKind.DPM2, true, Map.of()),
            new Sampler("dpm2_a", List.of("dpm2ancestral"), SchedulerKind.DPM2_ANCESTRAL, true, Map.of()),
            new Sampler("lms", List.of(), SchedulerKind.LMS, true, Map.of()),
            new Sampler(
                    "dpmpp_2m", List.of(), SchedulerKind.DPM_SOLVER_MULTISTEP, true, dpm("dpmsolver++", 2, "midpoint")),
            new Sampler(
                    "dpmpp_2m_sde",
                    List.of(),
                    SchedulerKind.DPM_SOLVER_MULTISTEP,
                    true,
                    dpm("sde-dpmsolver++", 2, "midpoint")),
            new Sampler(
                    "dpmpp_2m_sde_heun",
                    List.of(),
                    SchedulerKind.DPM_SOLVER_MULTISTEP,
                    true,
                    dpm("sde-dpmsolver++", 2, "heun")),
            new Sampler(
                    "dpmpp_3m", List.of(), SchedulerKind.DPM_SOLVER_MULTISTEP, true, dpm("dpmsolver++", 3, "midpoint")),
            new Sampler(
                    "dpmpp_3m_sde",
                    List.of(),
                    SchedulerKind.DPM_SOLVER_MULTISTEP,
                    true,
                    dpm("sde-dpmsolver++", 3, "midpoint")),
            new Sampler(
                    "dpmpp_2s",
                    List.of(),
                    SchedulerKind.DPM_SOLVER_SINGLESTEP,
                    true,
                    dpm("dpmsolver++", 2, "midpoint")),
            new Sampler(
                    "dpmpp_3s",
                    List.of(),
                    SchedulerKind.DPM_SOLVER_SINGLESTEP,
                    true,
                    dpm("dpmsolver++", 3, "midpoint")),
            new Sampler("dpmpp_sde", List.of(), SchedulerKind.DPM_SOLVER_SDE, true, Map.of()),
            new Sampler("deis", List.of(), SchedulerKind.DEIS, true, Map.of()),
            new Sampler("unipc", List.of("unipcbh2"), SchedulerKind.UNIPC, true, Map.of("solver_type", "bh2")),
            new Sampler("lcm", List.of(), SchedulerKind.LCM, false, Map.of()),
            new Sampler("tcd", List.of(), SchedulerKind.TCD, false, Map.of()));

    /** What of a model's configuration says how the model was trained, not how its own scheduler samples. */
    private static final List<String> OF_THE_MODEL = List.of(
            "num_train_timesteps",
            "trained_betas",
            "rescale_betas_zero_snr",
            "prediction_type",
            "timestep_spacing",
            "steps_offset",
            "set_alpha_to_one",
            "clip_sample",
            "clip_sample_range",
            "thresholding",
            "dynamic_thresholding_ratio",
            "sample_max_value");

    private static Map<String, Object> dpm(String algorithm, int order, String solver) {
        return Map.of(
                "algorithm_type", algorithm, "solver_order", order, "solver_type", solver, "lower_order_final", true);
    }

    static List<String> names() {
        return ALL.stream().map(Sampler::name).toList();
    }

    /** The names of a scheduler's samplers, with and without a layout of sigmas behind. */
    static List<String> namesOf(SchedulerKind kind) {
        return ALL.stream()
                .filter(sampler -> sampler.kind == kind)
                .flatMap(sampler -> Stream.concat(
                        Stream.of(sampler.name),
                        LAYOUTS.stream()
                                .filter(_ -> sampler.spacings)
                                .map(layout -> sampler.name + "_" + suffix(layout))))
                .toList();
    }

    private static String suffix(SigmaSpacing layout) {
        return layout.name().toLowerCase(Locale.ROOT);
    }

    /**
     * The sampler of a name with, perhaps, a layout of sigmas behind it.
     *
     * @throws SchedulerException if there is none
     */
    static Sampler parse(String text) {
        String plain = plain(text);
        for (Sampler sampler : ALL) {
            if (sampler.isCalled(plain)) {
                return sampler;
            }
            for (SigmaSpacing spacing : LAYOUTS) {
                String suffix = suffix(spacing);
                if (sampler.spacings
                        && plain.endsWith(suffix)
                        && sampler.isCalled(plain.substring(0, plain.length() - suffix.length()))) {
                    return sampler.with(spacing);
                }
            }
        }
        throw new SchedulerException(
                "unknown sampler %s; known are %s; those from euler on, but for euler_a, lcm and tcd, also with _karras, _exponential or _beta behind"
                        .formatted(text, String.join(", ", names())));
    }

    /** Lower case, {@code p} for plus, no spaces and the like: {@code DPM++ 2M Karras} is {@code dpmpp2mkarras}. */
    private static String plain(String text) {
        String lower = text.toLowerCase(Locale.ROOT).replace('+', 'p');
        return lower.replaceAll("[^a-z0-9]", "");
    }

    private boolean isCalled(String plain) {
        return plain.equals(plain(name))
                || aliases.contains(plain)
                || plain.equals(plain(kind.className())) && isPlainest();
    }

    /** Whether a class name alone means this sampler, the first of its scheduler. */
    private boolean isPlainest() {
        return ALL.stream()
                .filter(sampler -> sampler.kind == kind)
                .findFirst()
                .orElseThrow()
                .name
                .equals(name);
    }

    /** Whether its name had a layout of sigmas behind. */
    boolean laysOutSigmas() {
        return LAYOUTS.stream().anyMatch(layout -> options.containsKey(layout.key()));
    }

    private Sampler with(SigmaSpacing spacing) {
        Map<String, Object> more = new HashMap<>(options);
        more.put(spacing.key(), true);
        return new Sampler(name, aliases, kind, spacings, Map.copyOf(more));
    }

    /** The configuration of this sampler for a model. */
    SchedulerConfig configure(SchedulerConfig model) {
        SchedulerKind own = SchedulerKind.of(model);
        SchedulerConfig config = SchedulerConfig.parse(model.where() + " as " + name, "{}")
                .with("_class_name", kind.className())
                .with("beta_start", own.betaStart())
                .with("beta_end", own.betaEnd())
                .with("beta_schedule", own.betaSchedule().key())
                .with("clip_sample", false); // latents have no range
        List<String> taken = new ArrayList<>(OF_THE_MODEL);
        taken.addAll(List.of("beta_start", "beta_end", "beta_schedule"));
        for (String option : taken) {
            JsonElement value = model.find(option);
            if (value != null) {
                config = config.with(option, value);
            }
        }
        for (Map.Entry<String, Object> option : options.entrySet()) {
            config = switch (option.getValue()) {
                case Boolean value -> config.with(option.getKey(), value);
                case Integer value -> config.with(option.getKey(), value);
                default -> config.with(option.getKey(), option.getValue().toString());
            };
        }
        return config;
    }
}
