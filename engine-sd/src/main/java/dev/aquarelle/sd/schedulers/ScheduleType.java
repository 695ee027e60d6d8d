package dev.aquarelle.sd.schedulers;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Layouts of noise levels by the names that users know: the schedule types of the web UI of AUTOMATIC1111, and diffusers'
 * {@code timestep_spacing}. {@code docs/schedules.md} has them in a table.
 *
 * <p>Those that diffusers' schedulers have a switch for are that switch, where the sampler has it; all others are lists of sigmas, as
 * the web UI computes them.
 */
public enum ScheduleType implements Schedule {
    /** Equal distances of timesteps, from the last to the first. */
    UNIFORM("Uniform", "discrete"),
    /** {@link SigmaSpacing#KARRAS}. */
    KARRAS("Karras"),
    /** {@link SigmaSpacing#EXPONENTIAL}. */
    EXPONENTIAL("Exponential"),
    /** The same: the web UI's with an exponent of 1. */
    POLYEXPONENTIAL("Polyexponential"),
    /** Equal distances of timesteps from the last one, the first one left out. */
    SGM_UNIFORM("SGM Uniform"),
    /** Equal distances of the arctangents (appendix of Sabour et al. 2024, arXiv:2404.14507); ends at the smallest sigma, not at 0. */
    KL_OPTIMAL("KL Optimal"),
    /** {@link AlignYourSteps}. */
    ALIGN_YOUR_STEPS("Align Your Steps", "ays"),
    /** Whole timesteps at equal distances, counted from the last one. */
    SIMPLE("Simple"),
    /** The same as {@link #UNIFORM}. */
    NORMAL("Normal"),
    /** Timestep 1 and whole distances from it: a step more than asked for where they do not come out even. */
    DDIM("DDIM", "ddimuniform"),
    /** {@link SigmaSpacing#BETA}. */
    BETA("Beta"),
    /** Whole timesteps at equal distances, the last one among them, rounded: for models distilled to few steps. */
    TURBO("Turbo"),
    /** {@link TimestepSpacing#LINSPACE}. */
    LINSPACE("Linspace"),
    /** {@link TimestepSpacing#LEADING}. */
    LEADING("Leading"),
    /** {@link TimestepSpacing#TRAILING}. */
    TRAILING("Trailing");

    private final String title;
    private final String alias;

    ScheduleType(String title) {
        this(title, title);
    }

    /** @param alias what other programs call it, written like {@link #plain} */
    ScheduleType(String title, String alias) {
        this.title = title;
        this.alias = alias;
    }

    /** What the web UI, and so the text inside of pictures, calls it. */
    public String title() {
        return title;
    }

    /** The names of all of them as they are asked for. */
    public static List<String> names() {
        return Arrays.stream(values())
                .map(type -> type.name().toLowerCase(Locale.ROOT))
                .toList();
    }

    /**
     * A type by name: case, spaces, hyphens and underscores do not matter.
     *
     * @throws SchedulerException if there is none
     */
    public static ScheduleType of(String name) {
        String plain = plain(name);
        return Arrays.stream(values())
                .filter(type -> plain(type.title).equals(plain) || type.alias.equals(plain))
                .findFirst()
                .orElseThrow(() -> new SchedulerException(
                        "unknown schedule %s; known are %s".formatted(name, String.join(", ", names()))));
    }

    /** Lower case without blanks and the like. */
    private static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
    }

    @Override
    public RunOption option() {
        return RunOption.SIGMAS;
    }

    @Override
    public OptionalInt steps() {
        return OptionalInt.empty();
    }

    @Override
    public String description() {
        return title;
    }

    /** The switch of diffusers' configurations that does it, where a scheduler has it; null if there is none. */
    @Nullable
    SigmaSpacing sigmaSpacing() {
        return switch (this) {
            case KARRAS -> SigmaSpacing.KARRAS;
            case EXPONENTIAL -> SigmaSpacing.EXPONENTIAL;
            case BETA -> SigmaSpacing.BETA;
            default -> null;
        };
    }

    /** The spacing that it is; null if it is none of them. */
    @Nullable
    TimestepSpacing timestepSpacing() {
        return switch (this) {
            case LINSPACE -> TimestepSpacing.LINSPACE;
            case LEADING -> TimestepSpacing.LEADING;
            case TRAILING -> TimestepSpacing.TRAILING;
            default -> null;
        };
    }

    /**
     * The sigmas of so many steps and of the result.
     *
     * @throws IllegalStateException for the timestep spacings, which are the scheduler's
     */
    double[] sigmas(int steps, SigmaTable table, AlignYourSteps aligned) {
        double last = table.size() - 1.0;
        return switch (this) {
            case UNIFORM, NORMAL -> toZero(table.atByLogarithm(Grid.linspace(last, 0, steps)));
            case SGM_UNIFORM -> toZero(table.atByLogarithm(Grid.head(Grid.linspace(last, 0, steps + 1), steps)));
            case KARRAS -> toZero(SigmaSpacing.KARRAS.between(table.last(), table.first(), steps));
            case EXPONENTIAL, POLYEXPONENTIAL ->
                toZero(SigmaSpacing.EXPONENTIAL.between(table.last(), table.first(), steps));
            case BETA -> toZero(SigmaSpacing.BETA.between(table.last(), table.first(), steps));
            case KL_OPTIMAL -> klOptimal(table, steps);
            case ALIGN_YOUR_STEPS -> toZero(aligned.sigmas(steps));
            case SIMPLE -> {
                double distance = (double) table.size() / steps;
                yield ofTimesteps(table, IntStream.range(0, steps).map(i -> table.size() - 1 - (int) (i * distance)));
            }
            case DDIM -> {
                int distance = Math.max(table.size() / steps, 1);
                int count = (table.size() - 2) / distance + 1;
                yield ofTimesteps(table, IntStream.range(0, count).map(i -> 1 + (count - 1 - i) * distance));
            }
            case TURBO -> {
                double distance = (double) table.size() / steps;
                yield ofTimesteps(table, IntStream.range(0, steps).map(i ->
                        (int) Math.rint((steps - i) * distance - 1)));
            }
            case LINSPACE, LEADING, TRAILING -> throw new IllegalStateException("the timesteps are the scheduler's");
        };
    }

    private static double[] klOptimal(SigmaTable table, int steps) {
        double[] sigmas = Grid.linspace(StrictMath.atan(table.last()), StrictMath.atan(table.first()), steps + 1);
        for (int i = 0; i <= steps; i++) {
            sigmas[i] = StrictMath.tan(sigmas[i]);
        }
        return sigmas;
    }

    private static double[] ofTimesteps(SigmaTable table, IntStream timesteps) {
        return toZero(table.at(timesteps.asDoubleStream().toArray()));
    }

    private static double[] toZero(double[] sigmas) {
        return Grid.append(sigmas, 0);
    }
}
