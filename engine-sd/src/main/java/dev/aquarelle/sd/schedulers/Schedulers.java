package dev.aquarelle.sd.schedulers;

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
