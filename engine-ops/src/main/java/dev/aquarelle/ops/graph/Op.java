package dev.aquarelle.ops.graph;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.TensorException;

/**
 * The vocabulary of the engine: each operation is a record of its attributes, with its meaning in the docstring and its shape rule
 * in {@link #resultShape}, once for all backends. The records stand in the families that this interface permits; a backend is a
 * {@code switch} over all of them without {@code default}.
 *
 * <p>Letters are the same everywhere: N batch, C channels, H W image, L queries, S keys, D width of a head; M N K in products only.
 * Activations are F32, channels last; constant operands (weights) may be of any floating-point type and are widened exactly, but F64 is
 * rounded to F32. Sums are accumulated in float32 or wider. No operation mixes the samples of a batch, and a sample's result does not
 * depend on the size of the batch.
 */
public sealed interface Op permits SourceOp, ProductOp, NormOp, MapOp, LayoutOp, ResizeOp, TokenOp {

    /**
     * The shape of the result for operands of the given shapes.
     *
     * @throws TensorException if the operands do not fit each other or the attributes; the message names the operation
     */
    Shape resultShape(Shape... in);

    /** The operation's name as in messages and profiles: {@code groupNorm}. */
    default String label() {
        String name = getClass().getSimpleName();
        return Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }

    /** Floating-point operations of one execution, a multiply-add counted as two; an estimate for element-wise operations. */
    default long flops(Shape result, Shape... in) {
        return result.size();
    }

    /** Whether it takes that many operands. */
    boolean takes(int operands);

    /** Whether operand {@code index} holds indices, which are I32; all others are floating point. */
    default boolean isIndex(int index) {
        return false;
    }

    /**
     * The type of the result: F32, but that of {@link TokenOp.MatchTokens} is I32, and a {@link SourceOp.Constant} has its own; that of a
     * {@link SourceOp.Input} is given to the {@link Graph}.
     */
    default DType resultType() {
        return DType.F32;
    }
}
