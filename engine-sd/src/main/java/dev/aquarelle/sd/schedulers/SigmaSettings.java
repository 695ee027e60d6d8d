package dev.aquarelle.sd.schedulers;

import java.util.OptionalDouble;

/**
 * How the samplers in Karras' form lay out their steps.
 *
 * @param stepsOffset the last timestep, with {@link TimestepSpacing#LEADING}
 * @param sigmaMin the smallest sigma in place of the schedule's, where sigmas do not come from timesteps; {@code sigmaMax} likewise
 */
record SigmaSettings(
        TimestepSpacing timestepSpacing,
        int stepsOffset,
        SigmaSpacing sigmaSpacing,
        OptionalDouble sigmaMin,
        OptionalDouble sigmaMax) {

    static SigmaSettings of(ConfigReader config) {
        return new SigmaSettings(
                config.timestepSpacing(TimestepSpacing.LINSPACE),
                config.stepsOffset(),
                config.sigmaSpacing(SigmaSpacing.KARRAS, SigmaSpacing.EXPONENTIAL, SigmaSpacing.BETA),
                config.positive("sigma_min"),
                config.positive("sigma_max"));
    }

    /** For schedulers whose sigmas are those of their timesteps in any case. */
    static SigmaSettings ofTimesteps(ConfigReader config) {
        return new SigmaSettings(
                config.timestepSpacing(TimestepSpacing.LINSPACE),
                config.stepsOffset(),
                SigmaSpacing.OF_TIMESTEPS,
                OptionalDouble.empty(),
                OptionalDouble.empty());
    }

    /** For the schedulers that take the ends of Karras' sigmas from their timesteps alone. */
    SigmaSettings withoutEndsOfKarras() {
        return sigmaSpacing == SigmaSpacing.KARRAS
                ? new SigmaSettings(
                        timestepSpacing, stepsOffset, sigmaSpacing, OptionalDouble.empty(), OptionalDouble.empty())
                : this;
    }

    SigmaSteps steps(Scheduler scheduler, SigmaTable table, RunOptions options) {
        if (options.has(RunOption.SIGMAS)) {
            return SigmaSteps.given(table, options);
        }
        double[] timesteps = timesteps(scheduler, table, options);
        return spread(table, timesteps, table.at(timesteps));
    }

    double[] timesteps(Scheduler scheduler, SigmaTable table, RunOptions options) {
        if (!options.has(RunOption.TIMESTEPS)) {
            return Grid.roundedToFloat(timestepSpacing.timesteps(options.steps(), table.size(), stepsOffset));
        }
        if (sigmaSpacing != SigmaSpacing.OF_TIMESTEPS) {
            throw new SchedulerException(
                    "%s: a run of given timesteps excludes %s".formatted(scheduler.name(), sigmaSpacing.key()));
        }
        return Grid.roundedToFloat(options.timesteps());
    }

    /** The sigmas laid out anew between the ends of those given, where the configuration says so. */
    SigmaSteps spread(SigmaTable table, double[] timesteps, double[] sigmas) {
        if (sigmaSpacing == SigmaSpacing.OF_TIMESTEPS) {
            return new SigmaSteps(timesteps, sigmas);
        }
        double[] spread = sigmaSpacing.between(
                sigmaMax.orElse(sigmas[0]), sigmaMin.orElse(sigmas[sigmas.length - 1]), timesteps.length);
        return new SigmaSteps(table.timestepsOf(spread), spread);
    }

    /** What a run starts with: the largest sigma, or with room for the sample beside it. */
    double initNoiseSigma(double maxSigma) {
        return timestepSpacing == TimestepSpacing.LEADING ? Math.sqrt(maxSigma * maxSigma + 1) : maxSigma;
    }
}
