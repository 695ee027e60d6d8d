package dev.aquarelle.gpu.plan;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.ops.BackendException;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.MemoryPlan;
import dev.aquarelle.ops.StepInfo;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.LayoutOp;
import dev.aquarelle.ops.graph.NormOp;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.ops.plan.Dependencies;
import dev.aquarelle.ops.plan.SlabPlan;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Makes a program of a graph: what does not depend on the first input comes first, so that a sampling loop computes it once; then
 * operations become launches, and launches stages with their weights.
 */
public final class GpuCompiler {
    private static final Logger LOG = System.getLogger(GpuCompiler.class.getName());

    /** Bytes of a stage's weights, from which on the next operation begins another: arrays hold 2^31 numbers. */
    private static final long WEIGHT_BYTES = 2L << 30;

    private final Graph graph;
    private final Device device;
    private final Dependencies dependencies;
    private final List<Value> needed = new ArrayList<>();
    private final List<Stage> stages = new ArrayList<>();
    private final Fusion fusion;

    /** A stage of the computation whose weights have not been read yet. */
    private record Draft(String name, List<Launch> launches, Places places, long inputs) {
        Stage stage(Stage.Traffic traffic, FloatArray floats, ShortArray halves, Runnable fill) {
            return new Stage(name, traffic, launches, floats, halves, fill, inputs);
        }
    }

    private GpuCompiler(Graph graph, Device device) {
        this.graph = graph;
        this.device = device;
        dependencies = Dependencies.of(graph);
        selectNeeded();
        fusion = new Fusion(graph, needed, this::isOnFirst);
        needed.removeIf(fusion::isTaken);
    }

    /** The program of a graph. */
    public static GpuProgram compile(Graph graph, Device device, MemoryBudget budget, Cancellation cancellation) {
        cancellation.check();
        return new GpuCompiler(graph, device).compile(budget, cancellation);
    }

    /** What the program of a graph takes with all of its weights on the device; nothing is allocated. */
    public static MemoryPlan plan(Graph graph, Device device) {
        GpuCompiler compiler = new GpuCompiler(graph, device);
        SlabPlan slab = compiler.slab();
        long weights = compiler.drafts(slab, Math.min(WEIGHT_BYTES, device.largestArray() / 2)).stream()
                .mapToLong(draft -> draft.places.bytes())
                .sum();
        return new MemoryPlan(slab.bytes(), compiler.scratch(), weights);
    }

    private SlabPlan slab() {
        List<SlabPlan.Node> nodes = needed.stream()
                .map(value -> new SlabPlan.Node(value, fusion.reads(value), -1))
                .toList();
        return SlabPlan.of(graph, nodes, dependencies);
    }

    private long scratch() {
        return (long) Float.BYTES
                * needed.stream().mapToInt(this::scratch).max().orElse(0);
    }

    private GpuProgram compile(MemoryBudget budget, Cancellation cancellation) {
        MemoryBudget limit = new MemoryBudget(Math.min(budget.bytes(), device.memory()));
        for (Value value : needed) {
            limit.require(value.op().label(), 4 * value.shape().size());
        }
        graph.inputs()
                .forEach(input -> limit.require(
                        "an input of the program", 4 * input.shape().size()));
        SlabPlan slab = slab();
        long scratch = scratch();
        long bytes = slab.bytes() + scratch;
        limit.require("what the program computes", bytes);
        if (bytes / Float.BYTES > Integer.MAX_VALUE) {
            throw new BackendException(
                    "gpu: the values of a program take %d bytes, a device array holds 2^31 floats".formatted(bytes));
        }
        new MemoryBudget(device.largestArray())
                .require("the values of the program, one array of " + device.description(), bytes);
        HostInputs inputs = new HostInputs(graph, needed);
        uploads(inputs, slab);
        long weights = computations(slab, bytes, limit, cancellation);
        Map<String, Integer> outputs = new LinkedHashMap<>();
        FloatArray downloaded = downloads(slab, outputs);
        FloatArray x = new FloatArray((int) Math.max(1, bytes / Float.BYTES));
        MemoryPlan plan = new MemoryPlan(slab.bytes(), scratch, weights);
        cancellation.check();
        return new GpuProgram(graph, plan, needed, inputs, stages, downloaded, outputs, started(x));
    }

    /** The stages, with the device's memory, or without any of it and the reason. */
    private Device.Run started(FloatArray x) {
        Device.Run run = device.prepare(stages, x);
        try {
            run.start();
        } catch (RuntimeException | Error e) {
            try {
                run.close();
            } catch (RuntimeException f) {
                e.addSuppressed(f);
            }
            throw e;
        }
        return run;
    }

    /** Numbers behind the values, which operations use one after the other. */
    private int scratch(Value value) {
        Value before = fusion.before(value);
        Value norm = before == null ? value : before;
        return norm.op() instanceof NormOp.GroupNorm op ? LaunchFactory.scratch(op, norm.shape()) : 0;
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
        LaunchFactory factory = new LaunchFactory(new Places(slab), fusion, device.hasLibrary());
        List<Launch> launches = new ArrayList<>();
        inputs.places().forEach((value, word) -> {
            if (value.shape().size() > 0) {
                launches.add(factory.upload(value, word));
            }
        });
        if (!launches.isEmpty()) {
            stages.add(Stage.moving("inputs", Stage.Traffic.UPLOAD, launches, inputs.array()));
        }
    }

    /**
     * Cuts the computation into stages and reads their weights into arrays that stay on the device. If that is too much, smaller stages
     * share an array that is filled and sent before each of them.
     *
     * @param values bytes of what is computed
     * @return bytes of weights on the device
     */
    private long computations(SlabPlan slab, long values, MemoryBudget limit, Cancellation cancellation) {
        List<Draft> drafts = drafts(slab, Math.min(WEIGHT_BYTES, device.largestArray() / 2));
        long all = drafts.stream().mapToLong(draft -> draft.places.bytes()).sum();
        if (values + all <= limit.bytes()) {
            for (Draft draft : drafts) {
                cancellation.check();
                FloatArray floats = new FloatArray(draft.places.floatCount());
                ShortArray halves = new ShortArray(draft.places.halfCount());
                draft.places.write(floats, halves);
                stages.add(draft.stage(Stage.Traffic.WEIGHTS, floats, halves, () -> {}));
            }
            return all;
        }
        drafts = drafts(slab, Math.min(WEIGHT_BYTES / 8, (limit.bytes() - values) / 2));
        int mostFloats = most(drafts, Places::floatCount);
        int mostHalves = most(drafts, Places::halfCount);
        long shared = (long) Float.BYTES * mostFloats + (long) Short.BYTES * mostHalves;
        limit.require("the program, with the weights of one part of it at a time", values + shared);
        LOG.log(
                Level.INFO,
                "gpu: {0} bytes of weights and {1} of values do not fit into {2}: weights are sent in each run",
                all,
                values,
                limit.bytes());
        FloatArray floats = new FloatArray(mostFloats);
        ShortArray halves = new ShortArray(mostHalves);
        for (Draft draft : drafts) {
            stages.add(draft.stage(Stage.Traffic.STREAM, floats, halves, () -> draft.places.write(floats, halves)));
        }
        return shared;
    }

    private static int most(List<Draft> drafts, ToIntFunction<Places> count) {
        return drafts.stream()
                .mapToInt(draft -> count.applyAsInt(draft.places))
                .max()
                .orElse(1);
    }

    /** The stages, each ended by the operation with which its weights reach {@code weightBytes}. */
    private List<Draft> drafts(SlabPlan slab, long weightBytes) {
        List<Draft> drafts = new ArrayList<>();
        Places places = new Places(slab);
        List<Launch> launches = new ArrayList<>();
        long inputs = 0;
        for (Value value : needed) {
            if (HostInputs.isDerived(value)) {
                continue;
            }
            boolean other = !launches.isEmpty() && isOnFirst(value) != ((inputs & Dependencies.FIRST_INPUT) != 0);
            if (other || places.bytes() >= weightBytes) {
                finish(drafts, launches, places, inputs);
                places = new Places(slab);
                launches = new ArrayList<>();
                inputs = 0;
            }
            boolean isFirst = true;
            for (Launch launch : new LaunchFactory(places, fusion, device.hasLibrary()).launches(value)) {
                launches.add(launch.with(info(value, launch.kernel(), isFirst)));
                isFirst = false;
            }
            inputs |= dependencies.mask(value);
        }
        finish(drafts, launches, places, inputs);
        return drafts;
    }

    /** Of a launch; the first one of an operation counts its work, so that it is counted once. */
    private StepInfo info(Value value, Kernel kernel, boolean isFirst) {
        StepInfo info = StepInfo.of(
                value, fusion.before(value), fusion.reads(value), kernel.name().toLowerCase(Locale.ROOT), 0);
        return isFirst ? info : new StepInfo(info.scope(), info.op(), info.kernel(), info.shapes(), 0, 0, 0);
    }

    private static void finish(List<Draft> drafts, List<Launch> launches, Places places, long inputs) {
        if (!launches.isEmpty()) {
            drafts.add(new Draft("stage" + drafts.size(), launches, places, inputs));
        }
    }

    /** What the host gets to see, and from where on; constants and indices it has already. */
    private FloatArray downloads(SlabPlan slab, Map<String, Integer> outputs) {
        LaunchFactory factory = new LaunchFactory(new Places(slab), fusion, device.hasLibrary());
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
        FloatArray floats = new FloatArray(Math.max(1, at));
        if (!launches.isEmpty()) {
            stages.add(Stage.moving("outputs", Stage.Traffic.DOWNLOAD, launches, floats));
        }
        return floats;
    }
}
