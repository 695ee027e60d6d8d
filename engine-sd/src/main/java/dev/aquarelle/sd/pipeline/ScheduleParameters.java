package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.schedulers.Schedule;
import dev.aquarelle.sd.schedulers.ScheduleType;
import dev.aquarelle.sd.schedulers.SchedulerException;
import java.util.Arrays;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A schedule in the parameters of a picture. */
final class ScheduleParameters {
    private static final String TYPE = "Schedule type";
    private static final String TIMESTEPS = "Timesteps";
    private static final String SIGMAS = "Sigmas";

    /** Said by the web UI where the sampler's own is meant. */
    private static final String AUTOMATIC = "Automatic";

    /** The web UI's samplers that go by timesteps, whatever schedule type stands beside them. */
    private static final Set<String> WITHOUT_TYPE = Set.of("DDIM", "PLMS", "UniPC");

    private static final List<String> BETA_SHAPE = List.of("Beta schedule alpha", "Beta schedule beta");
    private static final String USUAL_SHAPE = "0.6";

    private ScheduleParameters() {}

    /** Writes a schedule; nothing if there is none. */
    static void put(SequencedMap<String, String> values, @Nullable Schedule schedule) {
        switch (schedule) {
            case null -> {}
            case ScheduleType type -> values.put(TYPE, type.title());
            case Schedule.Timesteps timesteps -> values.put(TIMESTEPS, text(timesteps.values()));
            case Schedule.Sigmas sigmas -> values.put(SIGMAS, text(sigmas.values()));
        }
    }

    private static String text(List<Double> numbers) {
        return numbers.stream().map(SettledRequest::number).collect(Collectors.joining(" "));
    }

    /**
     * What {@link #put} or the web UI said, taken out of the parameters; null if they leave it to the sampler.
     *
     * @param webUi whether the web UI wrote them
     * @throws IllegalArgumentException if there is no such schedule
     */
    static @Nullable Schedule takenFrom(ParameterReader values, @Nullable String sampler, boolean webUi) {
        String type = values.text(TYPE, AUTOMATIC);
        String timesteps = values.text(TIMESTEPS);
        String sigmas = values.text(SIGMAS);
        try {
            if (timesteps != null) {
                return new Schedule.Timesteps(numbers(TIMESTEPS, timesteps));
            }
            if (sigmas != null) {
                return new Schedule.Sigmas(numbers(SIGMAS, sigmas));
            }
            if (type.equals(AUTOMATIC) || webUi && sampler != null && WITHOUT_TYPE.contains(sampler)) {
                return null;
            }
            ScheduleType found = ScheduleType.of(type);
            if (found == ScheduleType.BETA) {
                takeUsualShape(values);
            }
            return found;
        } catch (SchedulerException e) {
            throw new IllegalArgumentException("parameters: " + e.getMessage(), e);
        }
    }

    /** Another shape of the beta distribution stays, to be told as not understood. */
    private static void takeUsualShape(ParameterReader values) {
        for (String name : BETA_SHAPE) {
            values.take(name, USUAL_SHAPE);
        }
    }

    private static List<Double> numbers(String name, String text) {
        try {
            return Arrays.stream(text.split(" ", -1)).map(Double::valueOf).toList();
        } catch (NumberFormatException e) {
            throw ParameterReader.mismatch(name, "numbers with blanks between them", text);
        }
    }
}
