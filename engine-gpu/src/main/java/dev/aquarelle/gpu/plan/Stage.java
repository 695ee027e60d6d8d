package dev.aquarelle.gpu.plan;

import dev.aquarelle.ops.plan.Dependencies;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Launches that run one after the other with the same arrays.
 *
 * @param name of the stage, unique in a program
 * @param traffic what happens to {@code words}
 * @param launches at least one
 * @param floats their weights of 32 bits, with the table of {@link dev.aquarelle.gpu.kernels.Operands} before them; or what is uploaded
 *     before, or downloaded after each run
 * @param halves their weights of 16 bits
 * @param fill puts into both what is sent before each run; nothing to do for other stages
 * @param inputs what it depends on, as {@link Dependencies#bit}s
 */
public record Stage(
        String name,
        Traffic traffic,
        List<Launch> launches,
        FloatArray floats,
        ShortArray halves,
        Runnable fill,
        long inputs) {

    /** What moves between the host and the device. */
    public enum Traffic {
        /** Floats go to the device before each run. */
        UPLOAD,
        /** Weights go to the device once. */
        WEIGHTS,
        /** Weights are filled in and go to the device before each run. */
        STREAM,
        /** Floats come from the device after each run. */
        DOWNLOAD
    }

    /** A stage without weights, that sends or fetches. */
    static Stage moving(String name, Traffic traffic, List<Launch> launches, FloatArray floats) {
        return new Stage(name, traffic, launches, floats, new ShortArray(1), () -> {}, Dependencies.FIRST_INPUT);
    }

    /** A stage. */
    public Stage {
        launches = List.copyOf(launches);
    }
}
