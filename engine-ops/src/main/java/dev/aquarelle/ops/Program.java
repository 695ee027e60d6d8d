package dev.aquarelle.ops;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import java.util.List;

/**
 * A graph made ready by a backend: memory planned, algorithms chosen, weights prepared. A run is a flat loop over steps that allocates
 * nothing. Values that depend on unchanged inputs only are not computed again.
 *
 * <p>One run at a time: a program is not safe for use from several threads at once.
 */
public interface Program extends AutoCloseable {

    /** The graph it computes. */
    Graph graph();

    /** What it takes in memory; known before the first run. */
    MemoryPlan memory();

    /** What a run does, in order; nothing if the backend plans no steps. */
    default List<StepInfo> steps() {
        return List.of();
    }

    /**
     * Computes the outputs.
     *
     * @param inputs one for each of {@link Graph#inputs}, in that order, of the declared shape and type; they are copied
     * @return the first output, a view of the program's own memory that the next run overwrites
     * @throws dev.aquarelle.core.tensor.TensorException if the inputs do not fit, or an index points outside of its table
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if a mapped weights file has been shortened
     * @throws java.util.concurrent.CancellationException if the token was cancelled or the thread interrupted; the program stays usable
     */
    Tensor run(Cancellation cancellation, Tensor... inputs);

    /** {@link #run(Cancellation, Tensor...)} that only an interrupt of the thread stops. */
    default Tensor run(Tensor... inputs) {
        return run(Cancellation.NEVER, inputs);
    }

    /**
     * A named output of the last run, a view of the program's own memory that the next run overwrites.
     *
     * @throws dev.aquarelle.core.tensor.TensorException if the graph has none of this name
     * @throws IllegalStateException if there was no run yet, the last one failed, or the program is closed
     */
    Tensor output(String name);

    /** Frees the memory; the outputs are no longer readable. */
    @Override
    void close();
}
