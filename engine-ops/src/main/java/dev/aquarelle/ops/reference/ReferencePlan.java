package dev.aquarelle.ops.reference;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.ops.MemoryPlan;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.ProductOp;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import java.util.Arrays;

/** Which values are needed, until when, and what that takes in memory. */
final class ReferencePlan {
    private static final int NEVER = -1;

    private final Graph graph;
    private final int[] lastUse;
    private final MemoryPlan memory;

    ReferencePlan(Graph graph) {
        this.graph = graph;
        this.lastUse = lastUses(graph);
        this.memory = new MemoryPlan(activationBytes() + outputBytes(), scratchBytes(), constantBytes());
    }

    MemoryPlan memory() {
        return memory;
    }

    /** Whether an output depends on the value. */
    boolean isNeeded(Value value) {
        return lastUse[value.id()] != NEVER;
    }

    /** Whether no value behind {@code now} reads the value; outputs are copied when all is computed. */
    boolean isDeadAfter(Value value, Value now) {
        return lastUse[value.id()] <= now.id();
    }

    /** For each value the id of the last one that reads it, {@link #NEVER} for those that no output depends on. */
    private static int[] lastUses(Graph graph) {
        int[] lastUse = new int[graph.values().size()];
        Arrays.fill(lastUse, NEVER);
        for (Value output : graph.outputs().values()) {
            lastUse[output.id()] = Integer.MAX_VALUE;
        }
        for (Value value : graph.values().reversed()) {
            if (lastUse[value.id()] != NEVER) {
                for (Value operand : value.operands()) {
                    lastUse[operand.id()] = Math.max(lastUse[operand.id()], value.id());
                }
            }
        }
        return lastUse;
    }

    /** The most that the arrays of inputs and results take at one time; a reshaped array, being shared, counts twice. */
    private long activationBytes() {
        long live = 0;
        long most = 0;
        for (Value value : graph.values()) {
            if (!isNeeded(value) || value.op() instanceof SourceOp.Constant) {
                continue;
            }
            live += bytes(value);
            most = Math.max(most, live);
            for (Value operand : value.operands().stream().distinct().toList()) {
                if (!(operand.op() instanceof SourceOp.Constant) && isDeadAfter(operand, value)) {
                    live -= bytes(operand);
                }
            }
        }
        return most;
    }

    private long outputBytes() {
        return graph.outputs().values().stream()
                .mapToLong(v -> v.dtype().bytesFor(v.shape().size()))
                .sum();
    }

    /** The largest weight, which is transposed while it is used. */
    private long scratchBytes() {
        long most = 0;
        for (Value value : graph.values()) {
            if (isNeeded(value) && (value.op() instanceof ProductOp.Linear || value.op() instanceof ProductOp.Conv2d)) {
                most = Math.max(most, bytes(value.operands().get(1)));
            }
        }
        return most;
    }

    private long constantBytes() {
        return graph.values().stream()
                .filter(v -> v.op() instanceof SourceOp.Constant && isNeeded(v))
                .mapToLong(ReferencePlan::bytes)
                .sum();
    }

    private static long bytes(Value value) {
        return DType.F32.bytesFor(value.shape().size());
    }
}
