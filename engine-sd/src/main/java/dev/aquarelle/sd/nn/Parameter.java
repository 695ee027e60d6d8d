package dev.aquarelle.sd.nn;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;

/**
 * A weight and its name. The tensor is the mapped file's memory in the file's type; nothing is copied.
 *
 * @param name its full path in the checkpoint: {@code down_blocks.0.resnets.0.conv1.weight}
 * @param tensor its numbers, of a floating-point type
 */
public record Parameter(String name, Tensor tensor) {
    /**
     * @throws TensorException if the tensor holds integers
     */
    public Parameter {
        if (!tensor.dtype().isFloatingPoint()) {
            throw new TensorException("%s: expected a floating-point type, found %s".formatted(name, tensor.dtype()));
        }
    }

    /**
     * The tensor {@code name} in this part of the checkpoint.
     *
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if it is missing or of another shape
     */
    public static Parameter load(Weights weights, String name, int... dims) {
        return new Parameter(weights.path(name), weights.get(name, dims));
    }

    /** The same numbers in another shape of equal size. */
    public Parameter reshape(int... dims) {
        return new Parameter(name, tensor.reshape(dims));
    }

    /** The parameter as a constant of the graph. */
    public Value in(Graph g) {
        return g.constant(name, tensor);
    }
}
