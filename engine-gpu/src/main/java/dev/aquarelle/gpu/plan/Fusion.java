package dev.aquarelle.gpu.plan;

import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.MapOp;
import dev.aquarelle.ops.graph.NormOp;
import dev.aquarelle.ops.graph.ProductOp;
import dev.aquarelle.ops.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which operations are computed by the launch of the one behind them, so that what is between them never goes to memory: a group norm by
 * its SiLU, a product by the sum that something is added to it.
 */
final class Fusion {
    private final Map<Value, Value> before = new HashMap<>();
    private final Set<Value> taken = new HashSet<>();

    /**
     * @param needed what is computed, in this order
     * @param isOnFirst whether it depends on the first input: what does and what does not is computed at other times
     */
    Fusion(Graph graph, List<Value> needed, Predicate<Value> isOnFirst) {
        Map<Value, Integer> readers = new HashMap<>();
        for (Value value : graph.values()) {
            value.operands().forEach(operand -> readers.merge(operand, 1, Integer::sum));
        }
        Set<Value> computed = new HashSet<>(needed);
        for (Value value : needed) {
            for (Value operand : value.operands()) {
                boolean only = computed.contains(operand)
                        && readers.getOrDefault(operand, 0) == 1
                        && !graph.outputs().containsValue(operand);
                if (only
                        && fits(value, operand)
                        && isOnFirst.test(value) == isOnFirst.test(operand)
                        && !before.containsKey(value)) {
                    before.put(value, operand);
                    taken.add(operand);
                }
            }
        }
    }

    private static boolean fits(Value value, Value operand) {
        return switch (value.op()) {
            case MapOp.Activate activate ->
                activate.function() == Activation.SILU && operand.op() instanceof NormOp.GroupNorm;
            case MapOp.Add _ ->
                operand.op() instanceof ProductOp
                        && !(operand.op() instanceof ProductOp.Attention)
                        && value.operands()
                                .get(0)
                                .shape()
                                .equals(value.operands().get(1).shape());
            default -> false;
        };
    }

    /** The operand that the launch of {@code value} computes too, or null. */
    @Nullable
    Value before(Value value) {
        return before.get(value);
    }

    /** Whether the launch of another value computes it. */
    boolean isTaken(Value value) {
        return taken.contains(value);
    }

    /** What is added to the product that the launch of {@code sum} computes too. */
    Value added(Value sum) {
        int product = sum.operands().indexOf(before.get(sum));
        return sum.operands().get(1 - product);
    }

    /** What the launch of {@code value} reads. */
    List<Value> reads(Value value) {
        Value operand = before.get(value);
        if (operand == null) {
            return value.operands();
        }
        List<Value> reads = new ArrayList<>(operand.operands());
        if (value.op() instanceof MapOp.Add) {
            reads.add(added(value));
        }
        return reads;
    }
}
