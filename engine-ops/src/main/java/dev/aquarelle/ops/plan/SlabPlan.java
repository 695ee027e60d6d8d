package dev.aquarelle.ops.plan;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.LayoutOp;
import dev.aquarelle.ops.graph.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the values of a graph lie in one slab of memory: values whose lives do not overlap share it. Known before anything runs.
 *
 * <p>Values are placed largest first, each at the lowest place that is free throughout its life (Pisarchyk and Lee, "Efficient memory
 * management for deep neural net inference", arXiv:2001.03288). Inputs and kept values live forever. A reshaped value is its operand.
 */
public final class SlabPlan {

    /**
     * One operation that a backend executes, perhaps several of the graph's fused.
     *
     * @param result the value it makes
     * @param reads the values it reads
     * @param inPlace which of {@code reads} may share its memory with the result, if nobody reads it later; -1 for none
     */
    public record Node(Value result, List<Value> reads, int inPlace) {}

    private static final int FOREVER = Integer.MAX_VALUE;

    private static final class Block {
        final long bytes;
        final int from;
        int to;
        long offset = -1;

        Block(long bytes, int from, int to) {
            this.bytes = bytes;
            this.from = from;
            this.to = to;
        }

        boolean overlaps(Block other) {
            return from <= other.to && other.from <= to;
        }
    }

    private final Map<Value, Block> blocks = new LinkedHashMap<>();
    private long bytes;

    private SlabPlan() {}

    /** Plans the memory for {@code nodes}, which are executed in their order. */
    public static SlabPlan of(Graph graph, List<Node> nodes, Dependencies dependencies) {
        SlabPlan plan = new SlabPlan();
        plan.assign(graph, nodes, dependencies);
        plan.place();
        return plan;
    }

    /** The value whose memory {@code value} is a view of: itself, unless it is a reshaped one. */
    public static Value root(Value value) {
        return value.op() instanceof LayoutOp.Reshape ? root(value.operands().get(0)) : value;
    }

    /** The size of the slab in bytes, a multiple of {@link Tensor#ALIGNMENT}. */
    public long bytes() {
        return bytes;
    }

    /** Where a value lies. Inputs and the results of nodes have a place; constants have none. */
    public long byteOffset(Value value) {
        Block block = blocks.get(root(value));
        if (block == null) {
            throw new IllegalArgumentException("no memory is planned for " + value);
        }
        return block.offset;
    }

    private void assign(Graph graph, List<Node> nodes, Dependencies dependencies) {
        int[] lastRead = new int[graph.values().size()];
        boolean[] forever = new boolean[graph.values().size()];
        for (int i = 0; i < nodes.size(); i++) {
            for (Value read : nodes.get(i).reads()) {
                lastRead[root(read).id()] = i;
            }
        }
        for (Value value : graph.values()) {
            forever[root(value).id()] |= dependencies.isKept(value);
        }
        for (Value output : graph.outputs().values()) {
            lastRead[root(output).id()] = nodes.size();
        }
        for (Value input : graph.inputs()) {
            blocks.put(input, new Block(aligned(input), -1, FOREVER));
        }
        for (int i = 0; i < nodes.size(); i++) {
            Node node = nodes.get(i);
            Value result = node.result();
            if (forever[result.id()]) { // also before it is made: in the next run it may not be made again
                blocks.put(result, new Block(aligned(result), -1, FOREVER));
                continue;
            }
            int to = Math.max(i, lastRead[result.id()]);
            Block shared =
                    node.inPlace() < 0 ? null : blocks.get(root(node.reads().get(node.inPlace())));
            if (shared != null && shared.to == i && shared.bytes == aligned(result)) {
                shared.to = to;
                blocks.put(result, shared);
            } else {
                blocks.put(result, new Block(aligned(result), i, to));
            }
        }
    }

    private void place() {
        List<Block> open = new ArrayList<>(blocks.values().stream().distinct().toList());
        open.sort(Comparator.comparingLong((Block b) -> -b.bytes)
                .thenComparingInt(b -> b.from)
                .thenComparingInt(b -> b.to));
        List<Block> placed = new ArrayList<>();
        for (Block block : open) {
            Block[] rivals = placed.stream().filter(block::overlaps).toArray(Block[]::new);
            Arrays.sort(rivals, Comparator.comparingLong(b -> b.offset));
            long offset = 0;
            for (Block rival : rivals) {
                if (rival.offset - offset >= block.bytes) {
                    break;
                }
                offset = Math.max(offset, rival.offset + rival.bytes);
            }
            block.offset = offset;
            bytes = Math.max(bytes, offset + block.bytes);
            placed.add(block);
        }
    }

    private static long aligned(Value value) {
        long size = value.dtype().bytesFor(value.shape().size());
        return (size + Tensor.ALIGNMENT - 1) / Tensor.ALIGNMENT * Tensor.ALIGNMENT;
    }
}
