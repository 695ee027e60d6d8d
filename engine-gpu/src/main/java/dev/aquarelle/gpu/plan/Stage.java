package dev.aquarelle.gpu.plan;

import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Launches that run one after the other without the host: TornadoVM's task graphs hold a few dozen.
 *
 * @param name of the stage, unique in a program
 * @param traffic what happens to {@code words}
 * @param launches at least one
 * @param numbers what describes them, one behind the other
 * @param words their weights as in the file; or what is uploaded before, or downloaded after each run
 * @param inputs what it depends on, as {@link dev.aquarelle.ops.plan.Dependencies#bit}s
 */
public record Stage(
        String name, Traffic traffic, List<Launch> launches, IntArray numbers, IntArray words, long inputs) {

    /** What moves between the host and the device. */
    public enum Traffic {
        /** Words go to the device before each run. */
        UPLOAD,
        /** Words go to the device once. */
        WEIGHTS,
        /** Words come from the device after each run. */
        DOWNLOAD
    }

    static Stage of(String name, Traffic traffic, List<Launch> launches, IntArray words, long inputs) {
        int count =
                launches.stream().mapToInt(launch -> launch.numbers().length).sum();
        IntArray numbers = new IntArray(Math.max(1, count));
        int at = 0;
        for (Launch launch : launches) {
            for (int number : launch.numbers()) {
                numbers.set(at++, number);
            }
        }
        return new Stage(name, traffic, List.copyOf(launches), numbers, words, inputs);
    }
}
