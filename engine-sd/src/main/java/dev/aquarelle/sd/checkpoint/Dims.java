package dev.aquarelle.sd.checkpoint;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.sd.ModelException;

/** Sizes of a model, told by the shapes of its tensors. */
final class Dims {
    private Dims() {}

    /**
     * An axis of a tensor that must be there.
     *
     * @throws ModelException if it has no such axis or nothing along it
     */
    static int of(Weights weights, String name, int axis) {
        Shape shape = weights.info(name).shape();
        if (axis >= shape.rank() || shape.dim(axis) == 0) {
            throw new ModelException("%s: expected a size along axis %d, found %s in %s"
                    .formatted(weights.path(name), axis, shape, weights.where()));
        }
        return shape.dim(axis);
    }
}
