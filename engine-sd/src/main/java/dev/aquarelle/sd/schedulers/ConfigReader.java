package dev.aquarelle.sd.schedulers;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Takes a configuration's options apart for one scheduler, with checks: file, scheduler, option, what was expected, what was found. */
final class ConfigReader {
    private final SchedulerConfig config;
    private final SchedulerKind kind;
    private final Set<String> asked = new HashSet<>();

    ConfigReader(SchedulerConfig config, SchedulerKind kind) {
        this.config = config;
        this.kind = kind;
    }

    boolean bool(String option, boolean absent) {
        JsonElement found = find(option);
        if (found == null) {
            return absent;
        }
        if (found instanceof JsonPrimitive primitive && primitive.isBoolean()) {
            return primitive.getAsBoolean();
        }
        throw mismatch(option, "true or false");
    }

    double number(String option, double absent) {
        JsonElement found = find(option);
        return found == null ? absent : number(option, found);
    }

    /** A number from {@code min} to {@code max}. */
    double number(String option, double absent, double min, double max) {
        double value = number(option, absent);
        if (!(value >= min && value <= max)) {
            throw mismatch(option, "a number from %s to %s".formatted(min, max));
        }
        return value;
    }

    int integer(String option, int absent, int min, int max) {
        double value = number(option, absent);
        if (value != Math.rint(value) || value < min || value > max) {
            throw mismatch(option, "a whole number from %d to %d".formatted(min, max));
        }
        return (int) value;
    }

    /** A number above 0, if there is one. */
    OptionalDouble positive(String option) {
        JsonElement found = find(option);
        if (found == null) {
            return OptionalDouble.empty();
        }
        double value = number(option, found);
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw mismatch(option, "a number above 0");
        }
        return OptionalDouble.of(value);
    }

    /** A seed without a sign, if there is one. */
    @Nullable
    Long seed(String option) {
        JsonElement found = find(option);
        if (found == null) {
            return null;
        }
        double near = number(option, found);
        if (near == 0) {
            return 0L;
        }
        if (near >= 1 && near <= 0x1p64 && near == Math.rint(near)) {
            BigInteger seed = new BigDecimal(found.getAsString()).toBigInteger(); // of which a double has 53 bits
            if (seed.bitLength() <= Long.SIZE) {
                return seed.longValue();
            }
        }
        throw mismatch(option, "a whole number from 0 to 2^64 - 1");
    }

    Set<Integer> integers(String option) {
        Set<Integer> values = new HashSet<>();
        for (double value : numbers(option)) {
            if (value != Math.rint(value)) {
                throw mismatch(option, "whole numbers");
            }
            values.add((int) value);
        }
        return Set.copyOf(values);
    }

    /** One of {@code allowed}, by the name that {@code key} gives it. */
    <T> T oneOf(String option, Function<T, String> key, T absent, List<T> allowed) {
        JsonElement found = find(option);
        if (found == null) {
            return absent;
        }
        if (found instanceof JsonPrimitive primitive && primitive.isString()) {
            for (T candidate : allowed) {
                if (key.apply(candidate).equals(primitive.getAsString())) {
                    return candidate;
                }
            }
        }
        throw mismatch(option, allowed.stream().map(key).collect(Collectors.joining(" or ")));
    }

    /** A text out of a list. */
    String oneOf(String option, String absent, String... allowed) {
        return oneOf(option, text -> text, absent, List.of(allowed));
    }

    boolean isText(String option, String text) {
        return find(option) instanceof JsonPrimitive found
                && found.isString()
                && found.getAsString().equals(text);
    }

    /** An option the engine does not have: it may stand there switched off, with {@code null}, {@code false} or {@code harmless}. */
    void refuse(String option, String harmless) {
        JsonElement found = find(option);
        if (found instanceof JsonPrimitive primitive
                && (primitive.isBoolean()
                        ? !primitive.getAsBoolean()
                        : primitive.getAsString().equals(harmless))) {
            return;
        }
        if (found != null) {
            throw failure("%s: %s is not supported".formatted(option, found));
        }
    }

    /** The forward process: {@code beta_schedule} and its companions, rescaled where {@code rescale_betas_zero_snr} says so. */
    NoiseSchedule schedule(boolean rescalable) {
        int trainTimesteps = integer("num_train_timesteps", 1000, 1, 100_000);
        double start = number("beta_start", kind.betaStart(), 0, 1);
        double end = number("beta_end", kind.betaEnd(), 0, 1);
        BetaSchedule betas =
                oneOf("beta_schedule", BetaSchedule::key, kind.betaSchedule(), List.of(BetaSchedule.values()));
        NoiseSchedule schedule;
        if (find("trained_betas") == null) {
            schedule = NoiseSchedule.of(betas, start, end, trainTimesteps);
        } else {
            List<Double> trained = numbers("trained_betas");
            if (trained.size() != trainTimesteps) {
                throw failure("trained_betas: expected %d numbers, as num_train_timesteps says, found %d"
                        .formatted(trainTimesteps, trained.size()));
            }
            schedule = NoiseSchedule.ofBetas(Grid.toFloat(
                    trained.stream().mapToDouble(Double::doubleValue).toArray()));
        }
        return rescalable && bool("rescale_betas_zero_snr", false) ? schedule.rescaledToZeroTerminalSnr() : schedule;
    }

    /** The same for schedulers that divide by the last alphaCumprod: not quite 0 after rescaling. */
    NoiseSchedule scheduleWithFiniteSigmas() {
        NoiseSchedule schedule = schedule(true);
        return bool("rescale_betas_zero_snr", false) ? schedule.withFiniteSigmas() : schedule;
    }

    PredictionType predictionType(PredictionType... allowed) {
        if (isText("prediction_type", "original_sample") && List.of(allowed).contains(PredictionType.SAMPLE)) {
            return PredictionType.SAMPLE; // its name of old
        }
        return oneOf("prediction_type", PredictionType::key, PredictionType.EPSILON, List.of(allowed));
    }

    TimestepSpacing timestepSpacing(TimestepSpacing absent) {
        return oneOf("timestep_spacing", TimestepSpacing::key, absent, List.of(TimestepSpacing.values()));
    }

    int stepsOffset() {
        return integer("steps_offset", 0, 0, 100_000);
    }

    /** At most one of {@code candidates} that is switched on. */
    SigmaSpacing sigmaSpacing(SigmaSpacing... candidates) {
        SigmaSpacing chosen = SigmaSpacing.OF_TIMESTEPS;
        for (SigmaSpacing candidate : candidates) {
            if (bool(candidate.key(), false)) {
                if (chosen != SigmaSpacing.OF_TIMESTEPS) {
                    throw failure("expected at most one way to lay out the sigmas, found %s and %s"
                            .formatted(chosen.key(), candidate.key()));
                }
                chosen = candidate;
            }
        }
        return chosen;
    }

    /** Dynamic thresholding alone. */
    Clipping thresholding() {
        return clipping(false);
    }

    /** Dynamic thresholding, or clipping to a fixed range. */
    Clipping thresholdingOrClipping(boolean clipIfAbsent) {
        return clipping(bool("clip_sample", clipIfAbsent));
    }

    /** Clipping to a fixed range alone. */
    Clipping clipping() {
        return new Clipping(
                false, 1, 1, bool("clip_sample", false), number("clip_sample_range", 1, 0, Double.MAX_VALUE));
    }

    private Clipping clipping(boolean clip) {
        return new Clipping(
                bool("thresholding", false),
                number("dynamic_thresholding_ratio", 0.995, 0, 1),
                number("sample_max_value", 1, Float.MIN_NORMAL, Double.MAX_VALUE),
                clip,
                clip ? number("clip_sample_range", 1, 0, Double.MAX_VALUE) : 1);
    }

    SchedulerException failure(String message) {
        return new SchedulerException("%s: %s: %s".formatted(config.where(), kind.className(), message));
    }

    /** Options that are there and that this scheduler does not have. */
    List<String> foreign() {
        List<String> foreign = new ArrayList<>();
        for (String option : config.options()) {
            if (!option.startsWith("_") && !asked.contains(option)) {
                foreign.add(option);
            }
        }
        return foreign;
    }

    private @Nullable JsonElement find(String option) {
        asked.add(option);
        return config.find(option);
    }

    private double number(String option, JsonElement found) {
        if (found instanceof JsonPrimitive primitive) {
            String text = primitive.getAsString();
            if (primitive.isNumber() || text.equals("Infinity") || text.equals("-Infinity")) {
                return Double.parseDouble(text);
            }
        }
        throw mismatch(option, "a number");
    }

    private List<Double> numbers(String option) {
        JsonElement found = find(option);
        if (found == null) {
            return List.of();
        }
        if (!(found instanceof JsonArray array)) {
            throw mismatch(option, "a list of numbers");
        }
        List<Double> values = new ArrayList<>();
        for (JsonElement element : array) {
            values.add(number(option, element));
        }
        return values;
    }

    private SchedulerException mismatch(String option, String expected) {
        String found = String.valueOf(find(option));
        return failure("%s: expected %s, found %s"
                .formatted(option, expected, found.length() <= 60 ? found : found.substring(0, 57) + "..."));
    }
}
