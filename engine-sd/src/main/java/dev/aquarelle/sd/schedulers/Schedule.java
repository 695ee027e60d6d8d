package dev.aquarelle.sd.schedulers;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * Which noise levels a run visits, said apart from the sampler: by the name of a layout, or one by one.
 *
 * <pre>{@code
 * Schedule schedule = ScheduleType.SGM_UNIFORM;
 * Schedule aligned = Schedule.Timesteps.of(999, 850, 736, 645, 545, 455, 343, 233, 124, 24);
 * }</pre>
 */
public sealed interface Schedule permits ScheduleType, Schedule.Timesteps, Schedule.Sigmas {

    /** What a run is asked for, to be taken of a sampler's {@link Scheduler#options}. */
    RunOption option();

    /** How many steps it has; empty if any number. */
    OptionalInt steps();

    /** What messages call it. */
    String description();

    /**
     * Timesteps of the training one by one, as diffusers' {@code timesteps}.
     *
     * @param values falling, not below 0
     */
    record Timesteps(List<Double> values) implements Schedule {
        /**
         * @throws SchedulerException if they do not fall, or there is none
         */
        public Timesteps {
            values = List.copyOf(values);
            var _ = RunOptions.timesteps(numbers(values));
        }

        /** Of numbers. */
        public static Timesteps of(double... values) {
            return new Timesteps(list(values));
        }

        @Override
        public RunOption option() {
            return RunOption.TIMESTEPS;
        }

        @Override
        public OptionalInt steps() {
            return OptionalInt.of(values.size());
        }

        @Override
        public String description() {
            return "of %d timesteps".formatted(values.size());
        }

        RunOptions run() {
            return RunOptions.timesteps(numbers(values));
        }
    }

    /**
     * Noise levels one by one, as diffusers' {@code sigmas}: ratios of noise to signal.
     *
     * @param values falling, not below 0; the last one is the result's, 0 as a rule
     */
    record Sigmas(List<Double> values) implements Schedule {
        /**
         * @throws SchedulerException if they do not fall, or there are less than two
         */
        public Sigmas {
            values = List.copyOf(values);
            var _ = RunOptions.sigmas(numbers(values));
        }

        /** Of numbers. */
        public static Sigmas of(double... values) {
            return new Sigmas(list(values));
        }

        @Override
        public RunOption option() {
            return RunOption.SIGMAS;
        }

        @Override
        public OptionalInt steps() {
            return OptionalInt.of(values.size() - 1);
        }

        @Override
        public String description() {
            return "of %d sigmas".formatted(values.size());
        }

        RunOptions run() {
            return RunOptions.sigmas(numbers(values));
        }
    }

    private static double[] numbers(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static List<Double> list(double... values) {
        return Arrays.stream(values).boxed().toList();
    }
}
