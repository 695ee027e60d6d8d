package dev.aquarelle.cli;

import dev.aquarelle.sd.schedulers.Schedule;
import dev.aquarelle.sd.schedulers.ScheduleType;
import dev.aquarelle.sd.schedulers.SchedulerException;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which noise levels a sampler visits: {@code --schedule sgm_uniform}, {@code --timesteps 999,845,730}. */
final class ScheduleOptions {
    @Option(
            names = "--schedule",
            paramLabel = "NAME",
            description =
                    "Which noise levels the sampler visits: karras, exponential, beta, sgm_uniform, align_your_steps,"
                            + " trailing ... (default: as its name or the model says).")
    private @Nullable String type;

    @Option(
            names = "--timesteps",
            split = ",",
            paramLabel = "T,T,...",
            description = "The timesteps that it visits, falling, in place of --steps, as in diffusers.")
    private @Nullable List<Double> timesteps;

    @Option(
            names = "--sigmas",
            split = ",",
            paramLabel = "S,S,...",
            description = "The noise levels themselves, falling, the result's last: 0 as a rule.")
    private @Nullable List<Double> sigmas;

    /**
     * What is asked for; null if nothing is.
     *
     * @throws IllegalArgumentException if there is more than one way, no such schedule, or numbers do not fall
     */
    @Nullable
    Schedule schedule() {
        if (Stream.of(type, timesteps, sigmas).filter(Objects::nonNull).count() > 1) {
            throw new IllegalArgumentException("expected one of --schedule, --timesteps and --sigmas, found more");
        }
        try {
            if (timesteps != null) {
                return new Schedule.Timesteps(timesteps);
            }
            if (sigmas != null) {
                return new Schedule.Sigmas(sigmas);
            }
            return type == null ? null : ScheduleType.of(type);
        } catch (SchedulerException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }
}
