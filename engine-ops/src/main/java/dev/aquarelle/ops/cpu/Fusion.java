package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.MapOp;
import dev.aquarelle.ops.graph.NormOp;
import dev.aquarelle.ops.graph.ProductOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.ops.plan.SlabPlan;
import org.jspecify.annotations.Nullable;

/** Which operations are computed by the step of the one behind them, so that what is between them never goes to memory. */
final class Fusion {
    private Fusion() {}

    /** The operand that the step of {@code value} can compute, if nothing else reads it: a norm before its SiLU, a linear layer before its GEGLU. */
    static @Nullable Value candidate(Value value) {
        if (value.operands().isEmpty()) {
            return null;
        }
        Value before = value.operands().get(0);
        boolean fits = switch (value.op()) {
            case MapOp.Activate activate ->
                activate.function() == Activation.SILU && before.op() instanceof NormOp.GroupNorm;
            case MapOp.GeGlu _ -> before.op() instanceof ProductOp.Linear && isGated(before);
            default -> false;
        };
        return fits ? before : null;
    }

    /** Whether the values and gates of a linear layer are in panels of their own, and no sum goes through memory. */
    private static boolean isGated(Value linear) {
        Shape weight = linear.operands().get(1).shape();
        return weight.dim(0) % (2 * GemmKernel.PANEL) == 0 && PanelProduct.isOneGroup(weight.dim(1));
    }

    /** The operand that the step of a node computes too, or null. */
    static @Nullable Value of(SlabPlan.Node node) {
        Value candidate = candidate(node.result());
        return candidate != null && node.reads().equals(candidate.operands()) ? candidate : null;
    }
}
