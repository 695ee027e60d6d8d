package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.MemoryPlan;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.LayoutOp;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.ops.plan.Dependencies;
import dev.aquarelle.ops.plan.SlabPlan;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes a program of a graph: finds what is needed and what is fused, plans the memory, then lets {@link StepFactory} make the steps.
 *
 * <p>The program has one block of memory: the slab of the values, then scratch space that all steps share, then small constants as F32.
 */
final class CpuCompiler {
    /** More than a machine has: below it, no sum of bytes overflows a long. */
    private static final long ADDRESSABLE = 1L << 47;

    private final Graph graph;
    private final List<SlabPlan.Node> nodes = new ArrayList<>();

    /** Where each constant that steps read as F32 lies, from the start of the constants. */
    private final Map<Value, Long> constants = new LinkedHashMap<>();

    private long constantBytes;

    CpuCompiler(Graph graph) {
        this.graph = graph;
    }

    /**
     * Where everything lies.
     *
     * @param slab of the values
     * @param memory all that the program takes
     */
    private record Layout(SlabPlan slab, Dependencies dependencies, MemoryPlan memory) {}

    /** What the program would take; nothing is allocated. */
    MemoryPlan plan(int threads, MemoryBudget budget) {
        return layOut(threads, budget).memory;
    }

    private Layout layOut(int threads, MemoryBudget budget) {
        selectNodes();
        MemoryBudget limit = new MemoryBudget(Math.min(budget.bytes(), ADDRESSABLE));
        for (SlabPlan.Node node : nodes) {
            limit.require(StepFactory.where(node.result()), bytes(node.result()));
        }
        graph.inputs().forEach(input -> limit.require("an input of the program", bytes(input)));
        Dependencies dependencies = Dependencies.of(graph);
        SlabPlan slab = SlabPlan.of(graph, nodes, dependencies);
        limit.require(
                "what the program computes",
                slab.bytes()); // before shapes that no step could count are looked at closer
        long scratch = 0;
        for (SlabPlan.Node node : nodes) {
            scratch = Math.max(scratch, StepFactory.scratchBytes(node, threads));
            for (Value read : node.reads()) {
                if (StepFactory.readsF32(node, read)) {
                    placeConstant(SlabPlan.root(read));
                }
            }
        }
        for (Value output : graph.outputs().values()) {
            if (!(output.op() instanceof SourceOp.Constant)) {
                placeConstant(SlabPlan.root(output));
            }
        }
        scratch = aligned(scratch);
        MemoryPlan plan = new MemoryPlan(slab.bytes(), scratch, constantBytes);
        limit.require("the program", plan.total());
        return new Layout(slab, dependencies, plan);
    }

    CpuProgram compile(
            Kernels kernels,
            Workers workers,
            Buffers buffers,
            Slabs slabs,
            MemoryBudget budget,
            Cancellation cancellation) {
        cancellation.check();
        Layout layout = layOut(workers.threads(), budget);
        SlabPlan slab = layout.slab;
        MemoryPlan plan = layout.memory;
        Slabs.Slab memory = slabs.allocate(Math.max(Tensor.ALIGNMENT, plan.total()), cancellation);
        boolean made = false;
        try {
            MemorySegment m = memory.m();
            long constantsAt = slab.bytes() + plan.scratch();
            constants.forEach((value, offset) -> {
                cancellation.check();
                fill(m, constantsAt + offset, (SourceOp.Constant) value.op());
            });
            Places places = new Places(m, slab, constants, constantsAt);
            StepFactory factory = new StepFactory(places, kernels, buffers, workers.threads(), slab.bytes());
            List<CpuProgram.Entry> entries = new ArrayList<>();
            for (SlabPlan.Node node : nodes) {
                cancellation.check();
                Step step = factory.step(node);
                entries.add(new CpuProgram.Entry(
                        step, StepProfile.of(step, node), layout.dependencies.mask(node.result())));
            }
            long[] inputs =
                    graph.inputs().stream().mapToLong(places::byteOffset).toArray();
            CpuProgram program = new CpuProgram(graph, plan, memory, workers, entries, inputs, outputs(places));
            made = true;
            return program;
        } finally {
            if (!made) {
                memory.close();
            }
        }
    }

    /** The operations that the outputs need, in order, fused where {@link Fusion} says so. */
    private void selectNodes() {
        Set<Value> needed = new HashSet<>(graph.outputs().values());
        Map<Value, Integer> readers = new LinkedHashMap<>();
        List<Value> values = graph.values();
        for (int i = values.size() - 1; i >= 0; i--) {
            if (needed.contains(values.get(i))) {
                for (Value operand : values.get(i).operands()) {
                    needed.add(operand);
                    readers.merge(operand, 1, Integer::sum);
                }
            }
        }
        for (Value value : values) {
            boolean source = value.op() instanceof SourceOp.Input
                    || value.op() instanceof SourceOp.Constant
                    || value.op() instanceof LayoutOp.Reshape;
            if (!needed.contains(value) || source) {
                continue;
            }
            Value fused = Fusion.candidate(value);
            if (fused != null
                    && readers.getOrDefault(fused, 0) == 1
                    && !graph.outputs().containsValue(fused)) {
                nodes.removeIf(node -> node.result() == fused);
                nodes.add(new SlabPlan.Node(value, fused.operands(), StepFactory.inPlaceOperand(fused)));
            } else {
                nodes.add(new SlabPlan.Node(value, value.operands(), StepFactory.inPlaceOperand(value)));
            }
        }
    }

    private void placeConstant(Value value) {
        if (value.op() instanceof SourceOp.Constant && !constants.containsKey(value)) {
            constants.put(value, constantBytes);
            constantBytes += aligned(4 * value.shape().size());
        }
    }

    private Map<String, Tensor> outputs(Places places) {
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        graph.outputs().forEach((name, value) -> {
            outputs.put(
                    name, value.op() instanceof SourceOp.Constant constant ? constant.tensor() : places.tensor(value));
        });
        return outputs;
    }

    /** Indices stay integers, everything else becomes F32. */
    private static void fill(MemorySegment m, long at, SourceOp.Constant constant) {
        Tensor tensor = constant.tensor();
        boolean asItIs = tensor.dtype() == DType.I32 || tensor.dtype() == DType.F32;
        try {
            MemorySegment from = asItIs ? tensor.data() : MemorySegment.ofArray(tensor.toFloatArray());
            MemorySegment.copy(from, 0, m, at, from.byteSize());
        } catch (InternalError e) {
            throw StepProfile.unreadable(constant.name(), List.of(tensor), e);
        }
    }

    private static long bytes(Value value) {
        return value.dtype().bytesFor(value.shape().size());
    }

    private static long aligned(long bytes) {
        return (bytes + Tensor.ALIGNMENT - 1) / Tensor.ALIGNMENT * Tensor.ALIGNMENT;
    }
}
