package dev.aquarelle.gpu.plan;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.ops.BackendException;
import dev.aquarelle.ops.MemoryPlan;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.LayoutOp;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.ops.plan.Dependencies;
import dev.aquarelle.ops.plan.SlabPlan;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Makes a program of a graph: what does not depend on the first input comes first, so that a sampling loop computes it once; then
 * operations become launches, and launches stages with their weights.
 */
public final class GpuCompiler {
    /** Launches of a stage: TornadoVM's task graphs hold a few dozen tasks. */
    private static final int LAUNCHES = 32;

    /** Bytes of a stage's weights, from which on the next operation begins another. */
    private static final long WORD_BYTES = 256L << 20;

    private final Graph graph;
    private final Device device;
    private final Dependencies dependencies;
    private final List<Value> needed = new ArrayList<>();
    private final List<Stage> stages = new ArrayList<>();
    private long weightBytes;

    private GpuCompiler(Graph graph, Device device) {
        this.graph = graph;
        this.device = device;
        dependencies = Dependencies.of(graph);
    }

    /** The program of a graph. */
    public static GpuProgram compile(Graph graph, Device device, MemoryBudget budget) {
        return new GpuCompiler(graph, device).compile(budget);
    }

    private GpuProgram compile(MemoryBudget budget) {
        selectNeeded();
        MemoryBudget limit = new MemoryBudget(Math.min(budget.bytes(), device.memory()));
        for (Value value : needed) {
            limit.require(value.op().label(), 4 * value.shape().size());
        }
        graph.inputs()
                .forEach(input -> limit.require(
                        "an input of the program", 4 * input.shape().size()));
        List<SlabPlan.Node> nodes = needed.stream()
                .map(value -> new SlabPlan.Node(value, value.operands(), -1))
                .toList();
        SlabPlan slab = SlabPlan.of(graph, nodes, dependencies);
        limit.require("what the program computes", slab.bytes());
        if (slab.bytes() / Float.BYTES > Integer.MAX_VALUE) {
            throw new BackendException("gpu: the values of a program take %d bytes, a device array holds 2^31 floats"
                    .formatted(slab.bytes()));
        }
        HostInputs inputs = new HostInputs(graph, needed);
        uploads(inputs, slab);
        computations(slab);
        Map<String, Integer> outputs = new LinkedHashMap<>();
        IntArray downloaded = downloads(slab, outputs);
        limit.require("the program", slab.bytes() + weightBytes);
        FloatArray x = new FloatArray((int) Math.max(1, slab.bytes() / Float.BYTES));
        MemoryPlan plan = new MemoryPlan(slab.bytes(), 0, weightBytes);
        return new GpuProgram(graph, plan, needed, inputs, stages, downloaded, outputs, device.prepare(stages, x));
    }

    /** The operations that the outputs need, those that do not depend on the first input before the others. */
    private void selectNeeded() {
        Set<Value> reached = new HashSet<>(graph.outputs().values());
        List<Value> values = graph.values();
        for (int i = values.size() - 1; i >= 0; i--) {
            if (reached.contains(values.get(i))) {
                reached.addAll(values.get(i).operands());
            }
        }
        for (boolean derived : new boolean[] {true, false}) {
            for (boolean first : new boolean[] {false, true}) {
                values.stream()
                        .filter(reached::contains)
                        .filter(value -> !(value.op() instanceof SourceOp) && !(value.op() instanceof LayoutOp.Reshape))
                        .filter(value -> HostInputs.isDerived(value) == derived && isOnFirst(value) == first)
                        .forEach(needed::add);
            }
        }
    }

    private boolean isOnFirst(Value value) {
        return (dependencies.mask(value) & Dependencies.FIRST_INPUT) != 0;
    }

    private void uploads(HostInputs inputs, SlabPlan slab) {
        LaunchFactory factory = new LaunchFactory(new Places(slab));
        List<Launch> launches = new ArrayList<>();
        inputs.words().forEach((value, word) -> {
            if (value.shape().size() > 0) {
                launches.add(factory.upload(value, word));
            }
        });
        if (!launches.isEmpty()) {
            stages.add(Stage.of("inputs", Stage.Traffic.UPLOAD, launches, inputs.array(), Dependencies.FIRST_INPUT));
        }
    }

    private void computations(SlabPlan slab) {
        Places places = new Places(slab);
        List<Launch> launches = new ArrayList<>();
        long inputs = 0;
        for (Value value : needed) {
            if (HostInputs.isDerived(value)) {
                continue;
            }
            boolean other = !launches.isEmpty() && isOnFirst(value) != ((inputs & Dependencies.FIRST_INPUT) != 0);
            if (other || launches.size() >= LAUNCHES || places.bytes() >= WORD_BYTES) {
                finish(launches, places, inputs);
                places = new Places(slab);
                launches = new ArrayList<>();
                inputs = 0;
            }
            launches.addAll(new LaunchFactory(places).launches(value));
            inputs |= dependencies.mask(value);
        }
        finish(launches, places, inputs);
    }

    private void finish(List<Launch> launches, Places places, long inputs) {
        if (!launches.isEmpty()) {
            weightBytes += places.bytes();
            String name = "stage" + stages.size();
            stages.add(Stage.of(name, Stage.Traffic.WEIGHTS, launches, places.words(), inputs));
        }
    }

    /** What the host gets to see, and from which word on; constants and indices it has already. */
    private IntArray downloads(SlabPlan slab, Map<String, Integer> outputs) {
        LaunchFactory factory = new LaunchFactory(new Places(slab));
        List<Launch> launches = new ArrayList<>();
        int at = 0;
        for (Map.Entry<String, Value> output : graph.outputs().entrySet()) {
            Value value = output.getValue();
            if (GpuProgram.isGiven(value)) {
                continue;
            }
            outputs.put(output.getKey(), at);
            if (value.shape().size() > 0) {
                launches.add(factory.download(value, at));
            }
            at = Math.addExact(at, Math.toIntExact(value.shape().size()));
        }
        IntArray words = new IntArray(Math.max(1, at));
        if (!launches.isEmpty()) {
            stages.add(Stage.of("outputs", Stage.Traffic.DOWNLOAD, launches, words, Dependencies.FIRST_INPUT));
        }
        return words;
    }
}
