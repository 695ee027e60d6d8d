package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.ops.plan.SlabPlan;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/**
 * Where the values of a program lie in its memory.
 *
 * @param constants constants kept as F32, as bytes from {@code constantsAt}
 */
record Places(MemorySegment m, SlabPlan slab, Map<Value, Long> constants, long constantsAt) {

    /** Where a value begins, in bytes. */
    long byteOffset(Value value) {
        Long constant = constants.get(SlabPlan.root(value));
        return constant == null ? slab.byteOffset(value) : constantsAt + constant;
    }

    Operand operand(Value value) {
        return new Operand(m, byteOffset(value));
    }

    /** The weight of a product or a table: a constant as its file has it, or a value in the program's memory. */
    Tensor weight(Value value) {
        return SlabPlan.root(value).op() instanceof SourceOp.Constant constant
                ? constant.tensor().reshape(value.shape().dims())
                : tensor(value);
    }

    /** A view of a value in the program's memory. */
    Tensor tensor(Value value) {
        long bytes = value.dtype().bytesFor(value.shape().size());
        return new Tensor(value.shape(), value.dtype(), m.asSlice(byteOffset(value), bytes));
    }
}
