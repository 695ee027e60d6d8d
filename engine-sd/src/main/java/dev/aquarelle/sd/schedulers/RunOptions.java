package dev.aquarelle.sd.schedulers;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What a run is asked for: how many steps or which ones, where to start, and a scheduler's own options. Immutable. */
public final class RunOptions {
    private final int steps;
    private final int firstStep;
    private final double[] timesteps;
    private final double[] sigmas;
    private final Map<RunOption, Double> values;

    private RunOptions(int steps, int firstStep, double[] timesteps, double[] sigmas, Map<RunOption, Double> values) {
        this.steps = steps;
        this.firstStep = firstStep;
        this.timesteps = timesteps;
        this.sigmas = sigmas;
        this.values = values;
    }

    /** A run of so many steps. */
    public static RunOptions steps(int steps) {
        return new RunOptions(steps, 0, new double[0], new double[0], Map.of());
    }

    /** A run through these timesteps, falling. */
    public static RunOptions timesteps(double... timesteps) {
        requireFalling(RunOption.TIMESTEPS, timesteps);
        return new RunOptions(timesteps.length, 0, timesteps.clone(), new double[0], Map.of());
    }

    /** A run through these sigmas, falling; the last one is the result's, 0 as a rule. */
    public static RunOptions sigmas(double... sigmas) {
        requireFalling(RunOption.SIGMAS, sigmas);
        return new RunOptions(sigmas.length - 1, 0, new double[0], sigmas.clone(), Map.of());
    }

    /** With the first {@code step} steps left out, as image to image does; 0 is a whole run. */
    public RunOptions startingAt(int step) {
        return new RunOptions(steps, step, timesteps, sigmas, values);
    }

    /**
     * With an option of the scheduler.
     *
     * @throws SchedulerException if the value is outside the option's range
     */
    public RunOptions with(RunOption option, double value) {
        if (option == RunOption.TIMESTEPS || option == RunOption.SIGMAS) {
            throw new SchedulerException("%s: expected a list of numbers".formatted(option.key()));
        }
        option.check(value);
        Map<RunOption, Double> more = new EnumMap<>(RunOption.class);
        more.putAll(values);
        more.put(option, value);
        return new RunOptions(steps, firstStep, timesteps, sigmas, more);
    }

    /** How many steps the whole schedule has. */
    public int steps() {
        return steps;
    }

    /** How many of them are left out at the beginning. */
    public int firstStep() {
        return firstStep;
    }

    /** A copy of the timesteps asked for, empty if it is a number of steps. */
    public double[] timesteps() {
        return timesteps.clone();
    }

    /** A copy of the sigmas asked for, empty if it is a number of steps. */
    public double[] sigmas() {
        return sigmas.clone();
    }

    /** The sigma of the result: the last one that is given, or the scheduler's own if none are. */
    double finalSigma(double own) {
        return sigmas.length > 0 ? sigmas[sigmas.length - 1] : own;
    }

    /** With the steps of {@code other} in place of a number of them; where to start and the scheduler's own options stay. */
    RunOptions withStepsOf(RunOptions other) {
        return new RunOptions(other.steps, firstStep, other.timesteps, other.sigmas, values);
    }

    /** The value of an option, or {@code absent} if the run does not ask for it. */
    public double get(RunOption option, double absent) {
        return values.getOrDefault(option, absent);
    }

    /** Whether the run asks for an option. */
    public boolean has(RunOption option) {
        return asked().contains(option);
    }

    /**
     * What every scheduler checks first.
     *
     * @throws SchedulerException if an option is none of the scheduler's, or the steps are none or more than the training's
     */
    void check(Scheduler scheduler) {
        for (RunOption option : asked()) {
            if (!scheduler.options().contains(option)) {
                String known = scheduler.options().stream().map(RunOption::key).collect(Collectors.joining(", "));
                throw new SchedulerException("%s: %s is not an option of its runs; it has %s"
                        .formatted(scheduler.name(), option.key(), known.isEmpty() ? "none" : known));
            }
        }
        int most = scheduler.schedule().trainTimesteps();
        if (steps < 1 || steps > most) {
            throw new SchedulerException(
                    "%s: expected 1 to %d steps, found %d".formatted(scheduler.name(), most, steps));
        }
        if (firstStep < 0 || firstStep >= steps) {
            throw new SchedulerException(
                    "%s: expected a start at step 0 to %d, found %d".formatted(scheduler.name(), steps - 1, firstStep));
        }
        for (double timestep : timesteps) {
            if (timestep >= most) {
                throw new SchedulerException(
                        "%s: expected timesteps below %d, found %s".formatted(scheduler.name(), most, timestep));
            }
        }
    }

    private Set<RunOption> asked() {
        Set<RunOption> asked = EnumSet.noneOf(RunOption.class);
        asked.addAll(values.keySet());
        if (timesteps.length > 0) {
            asked.add(RunOption.TIMESTEPS);
        }
        if (sigmas.length > 0) {
            asked.add(RunOption.SIGMAS);
        }
        return asked;
    }

    private static void requireFalling(RunOption option, double[] values) {
        for (int i = 0; i < values.length; i++) {
            if (!(values[i] >= 0 && values[i] < Double.POSITIVE_INFINITY && (i == 0 || values[i] < values[i - 1]))) {
                throw new SchedulerException("%s: expected falling numbers not below 0, found %s at place %d"
                        .formatted(option.key(), values[i], i));
            }
        }
        if (values.length < (option == RunOption.SIGMAS ? 2 : 1)) {
            throw new SchedulerException("%s: expected more numbers, found %d".formatted(option.key(), values.length));
        }
    }
}
