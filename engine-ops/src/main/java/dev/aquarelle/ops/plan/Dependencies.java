package dev.aquarelle.ops.plan;

import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import java.util.BitSet;
import java.util.List;

/**
 * Which values depend on which inputs, and hence what a run must compute again when some inputs changed.
 *
 * <p>The first input is taken to change with every run (the latents of a sampling loop): whenever any input changed, so did the first.
 * A value that does not depend on it, but is read by operations that depend on more inputs than it does, is kept from one run to the
 * next: keys and values of the text, for instance.
 */
public final class Dependencies {
    /** The bit of the first input. */
    public static final long FIRST_INPUT = 1;

    private final long[] masks;
    private final BitSet kept = new BitSet();

    private Dependencies(int values) {
        masks = new long[values];
    }

    /** The dependencies of all values of a graph. */
    public static Dependencies of(Graph graph) {
        Dependencies dependencies = new Dependencies(graph.values().size());
        List<Value> inputs = graph.inputs();
        for (int i = 0; i < inputs.size(); i++) {
            dependencies.masks[inputs.get(i).id()] = bit(i);
        }
        for (Value value : graph.values()) {
            for (Value operand : value.operands()) {
                dependencies.masks[value.id()] |= dependencies.masks[operand.id()];
            }
        }
        for (Value value : graph.values()) {
            for (Value operand : value.operands()) {
                if (dependencies.mask(operand) != dependencies.mask(value) && !dependencies.onFirst(operand)) {
                    dependencies.kept.set(operand.id());
                }
            }
        }
        for (Value output : graph.outputs().values()) {
            if (!dependencies.onFirst(output)) {
                dependencies.kept.set(output.id());
            }
        }
        return dependencies;
    }

    /** The bit of an input; inputs beyond the 63rd share one. */
    public static long bit(int input) {
        return 1L << Math.min(input, 63);
    }

    /** The inputs a value depends on, as {@link #bit}s; 0 if it never changes. */
    public long mask(Value value) {
        return masks[value.id()];
    }

    /** Whether a value must outlive the run that computed it. */
    public boolean isKept(Value value) {
        return kept.get(value.id());
    }

    private boolean onFirst(Value value) {
        return (mask(value) & FIRST_INPUT) != 0;
    }
}
