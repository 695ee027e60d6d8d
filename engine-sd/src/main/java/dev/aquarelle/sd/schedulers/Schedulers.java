package dev.aquarelle.sd.schedulers;

import com.google.gson.JsonNull;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;

/**
 * Where schedulers come from: a model's own configuration, or the name of a sampler in one of the ways people write it.
 *
 * <pre>{@code
 * SchedulerConfig config = SchedulerConfig.read(model.resolve("scheduler"));
 * Scheduler own = Schedulers.fromConfig(config);
 * Scheduler chosen = Schedulers.named("DPM++ 2M Karras", config);
 * }</pre>
 */
public final class Schedulers {
    private static final System.Logger LOG = System.getLogger(Schedulers.class.getName());

    private Schedulers() {}

    /**
     * The scheduler a configuration describes, with everything its options say. Options that belong to other schedulers, as files often
     * have them, are without effect.
     *
     * @throws SchedulerException if the class is unknown, or an option has a value that makes no sense or is not supported
     */
    public static Scheduler fromConfig(SchedulerConfig config) {
        SchedulerKind kind = SchedulerKind.of(config);
        ConfigReader reader = new ConfigReader(config, kind);
        Scheduler scheduler = kind.build(reader);
        List<String> foreign = reader.foreign();
        if (!foreign.isEmpty()) {
            LOG.log(Level.DEBUG, "{0}: {1} has no options {2}", config.where(), kind.className(), foreign);
        }
        return scheduler;
    }

    /**
     * A sampler by name, for a model: its own settings, with the model's forward process, prediction type and timestep spacing. Case,
     * spaces, hyphens and underscores do not matter, so {@code euler_a}, {@code Euler a}, {@code DPM++ 2M Karras},
     * {@code dpmpp_2m_karras} and class names such as {@code UniPCMultistepScheduler} are all understood.
     *
     * @throws SchedulerException if there is no such sampler, with the list of those there are
     */
    public static Scheduler named(String sampler, SchedulerConfig model) {
        return fromConfig(Sampler.parse(sampler).configure(model));
    }

    /**
     * A sampler with a schedule of its own in place of its usual steps.
     *
     * @param sampler as for {@link #named}, without a layout of sigmas behind; empty for the model's own scheduler
     * @param aligned the family of the model, for {@link ScheduleType#ALIGN_YOUR_STEPS}
     * @throws SchedulerException as {@link #named}, or if the sampler cannot take such a schedule
     */
    public static Scheduler scheduled(
            String sampler, SchedulerConfig model, Schedule schedule, AlignYourSteps aligned) {
        SchedulerConfig config =
                withoutLayout(sampler.isEmpty() ? model : Sampler.parse(sampler).configure(model));
        if (schedule instanceof ScheduleType type) {
            SigmaSpacing sigmas = type.sigmaSpacing();
            if (sigmas != null && knows(config, sigmas.key())) {
                return fromConfig(config.with(sigmas.key(), true));
            }
            TimestepSpacing timesteps = type.timestepSpacing();
            if (timesteps != null) {
                require(knows(config, "timestep_spacing"), config, schedule, "timestep_spacing");
                return fromConfig(config.with("timestep_spacing", timesteps.key()));
            }
        }
        Scheduler scheduler = fromConfig(config);
        require(
                scheduler.options().contains(schedule.option()),
                config,
                schedule,
                schedule.option().key());
        return new ScheduledSampler(scheduler, schedule, aligned);
    }

    private static void require(boolean possible, SchedulerConfig config, Schedule schedule, String option) {
        if (!possible) {
            throw new SchedulerException("%s: a schedule %s needs a sampler with %s, which this one has not"
                    .formatted(SchedulerKind.of(config).className(), schedule.description(), option));
        }
    }

    /** Whether the scheduler of a configuration asks for an option. */
    private static boolean knows(SchedulerConfig config, String option) {
        SchedulerKind kind = SchedulerKind.of(config);
        ConfigReader reader = new ConfigReader(config.with(option, JsonNull.INSTANCE), kind);
        kind.build(reader);
        return !reader.foreign().contains(option);
    }

    /** A configuration that lays out no sigmas by itself. */
    public static SchedulerConfig withoutLayout(SchedulerConfig config) {
        SchedulerConfig plain = config;
        for (SigmaSpacing spacing : SigmaSpacing.values()) {
            if (plain.find(spacing.key()) != null) {
                plain = plain.with(spacing.key(), false);
            }
        }
        return plain;
    }

    /**
     * The name of a sampler without a layout of sigmas behind, as {@link #names} has it: {@code dpmpp_2m} for {@code DPM++ 2M Karras}.
     *
     * @throws SchedulerException as {@link #named}
     */
    public static String withoutLayout(String sampler) {
        return Sampler.parse(sampler).name();
    }

    /**
     * Whether there is a layout of sigmas behind the name of a sampler.
     *
     * @throws SchedulerException as {@link #named}
     */
    public static boolean namesLayout(String sampler) {
        return Sampler.parse(sampler).laysOutSigmas();
    }

    /**
     * The name of the sampler that a configuration describes, the other way round: {@link #named} with it is the same scheduler. Empty if
     * the options make it another than all of those.
     *
     * @throws SchedulerException as {@link #fromConfig}
     */
    public static Optional<String> nameOf(SchedulerConfig config) {
        Scheduler scheduler = fromConfig(config);
        return Sampler.namesOf(SchedulerKind.of(config)).stream()
                .filter(name -> named(name, config).equals(scheduler))
                .findFirst();
    }

    /** The names of all samplers, one for each; some also with {@code _karras}, {@code _exponential} or {@code _beta} behind. */
    public static List<String> names() {
        return Sampler.names();
    }
}
