package dev.aquarelle.ops.graph;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;

/** What a graph starts from: tensors given at each run and tensors known before. */
public sealed interface SourceOp extends Op {

    /** A tensor given at each run. */
    record Input(String name, Shape shape) implements SourceOp {
        @Override
        public Shape resultShape(Shape... in) {
            return shape;
        }
    }

    /**
     * A tensor known when the graph is built, a weight mostly; not copied.
     *
     * @param name its name in the checkpoint, for messages and prints
     */
    record Constant(String name, Tensor tensor) implements SourceOp {
        @Override
        public Shape resultShape(Shape... in) {
            return tensor.shape();
        }
    }

    /** None, and no number of operands: inputs and constants are not added as operations. */
    @Override
    default boolean takes(int operands) {
        return false;
    }

    @Override
    default DType resultType() {
        return this instanceof Constant constant ? constant.tensor().dtype() : DType.F32;
    }
}
