package dev.aquarelle.gpu.plan;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.MemoryPlan;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.StepEvent;
import dev.aquarelle.ops.StepInfo;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.ops.plan.Dependencies;
import dev.aquarelle.ops.plan.SlabPlan;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Stages on a device, and the inputs and outputs on the host. */
public final class GpuProgram implements Program {
    private static final long ALL = -1;

    private final Graph graph;
    private final MemoryPlan plan;
    private final List<Value> needed;
    private final HostInputs inputs;
    private final List<Stage> stages;
    private final Device.Run device;
    private final Map<String, Tensor> outputs = new HashMap<>();
    private boolean complete;
    private boolean open = true;

    GpuProgram(
            Graph graph,
            MemoryPlan plan,
            List<Value> needed,
            HostInputs inputs,
            List<Stage> stages,
            FloatArray downloaded,
            Map<String, Integer> outputPlaces,
            Device.Run device) {
        this.graph = graph;
        this.plan = plan;
        this.needed = needed;
        this.inputs = inputs;
        this.stages = List.copyOf(stages);
        this.device = device;
        outputPlaces.forEach((name, word) -> {
            Value value = Objects.requireNonNull(graph.outputs().get(name));
            MemorySegment data =
                    downloaded.getSegment().asSlice(4L * word, 4 * value.shape().size());
            outputs.put(name, new Tensor(value.shape(), DType.F32, data));
        });
    }

    /** Whether an output needs no device: a constant, or indices as they were given. */
    static boolean isGiven(Value value) {
        Value root = SlabPlan.root(value);
        return root.op() instanceof SourceOp.Constant || root.dtype() != DType.F32;
    }

    @Override
    public Graph graph() {
        return graph;
    }

    @Override
    public MemoryPlan memory() {
        return plan;
    }

    @Override
    public Tensor run(Cancellation cancellation, Tensor... given) {
        requireOpen();
        inputs.check(needed, given);
        long changed = complete ? 0 : ALL;
        complete = false; // from here on the device has neither the last run's values nor this one's
        changed = inputs.take(given, changed);
        for (int i = 0; i < stages.size() && changed != 0; i++) {
            if (isDue(stages.get(i), changed)) {
                cancellation.check();
                run(i, cancellation);
            }
        }
        cancellation.check();
        keepGiven(given);
        complete = true;
        return output(graph.outputs().keySet().iterator().next());
    }

    private void run(int index, Cancellation cancellation) {
        Stage stage = stages.get(index);
        stage.fill().run();
        device.load(index);
        for (int i = 0; i < stage.launches().size(); i++) {
            cancellation.check();
            StepEvent event = new StepEvent();
            event.begin();
            device.launch(index, i);
            event.end();
            if (event.shouldCommit()) {
                event.describe(stage.launches().get(i).info());
                event.commit();
            }
        }
    }

    @Override
    public List<StepInfo> steps() {
        return stages.stream()
                .flatMap(stage -> stage.launches().stream())
                .map(Launch::info)
                .toList();
    }

    /**
     * What does not depend on the first input is computed as a whole or not at all: its stages share the memory of values that nobody
     * reads later.
     */
    private static boolean isDue(Stage stage, long changed) {
        boolean onFirst = (stage.inputs() & Dependencies.FIRST_INPUT) != 0;
        return onFirst || changed == ALL || (changed & ~Dependencies.FIRST_INPUT) != 0;
    }

    private void keepGiven(Tensor[] given) {
        graph.outputs().forEach((name, value) -> {
            if (isGiven(value)) {
                Value root = SlabPlan.root(value);
                int[] dims = value.shape().dims();
                outputs.put(
                        name,
                        switch (root.op()) {
                            case SourceOp.Constant constant when value == root -> constant.tensor();
                            case SourceOp.Constant constant ->
                                Tensor.of(constant.tensor().toFloatArray(), dims);
                            default -> Tensor.of(given[graph.inputs().indexOf(root)].toIntArray(), dims);
                        });
            }
        });
    }

    @Override
    public Tensor output(String name) {
        requireOpen();
        if (!graph.outputs().containsKey(name)) {
            throw new TensorException("the graph has no output %s, only %s"
                    .formatted(name, graph.outputs().keySet()));
        }
        Tensor output = outputs.get(name);
        if (!complete || output == null) {
            throw new IllegalStateException(
                    "output %s is not known: there was no run yet, or the last one failed".formatted(name));
        }
        return output;
    }

    @Override
    public void close() {
        if (open) {
            open = false;
            device.close();
        }
    }

    private void requireOpen() {
        if (!open) {
            throw new IllegalStateException("the program is closed");
        }
    }
}
