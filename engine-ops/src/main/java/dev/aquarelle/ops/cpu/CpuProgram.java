package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.MemoryPlan;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.StepEvent;
import dev.aquarelle.ops.StepInfo;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.plan.Dependencies;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A flat list of steps over one block of memory. */
final class CpuProgram implements Program {

    /**
     * One step of the program.
     *
     * @param profile what it is, for profiles and messages
     * @param inputs the inputs it depends on, as {@link Dependencies#bit}s
     */
    record Entry(Step step, StepProfile profile, long inputs) {}

    private static final long ALL = -1;

    /** Asked whether steps are recorded; never committed. */
    private static final StepEvent RECORDED = new StepEvent();

    private final Graph graph;
    private final MemoryPlan plan;
    private final Slabs.Slab memory;
    private final MemorySegment m;
    private final Workers workers;
    private final Entry[] entries;
    private final long[] inputOffsets;
    private final Map<String, Tensor> outputs;
    private final Tensor firstOutput;

    /** Whether what the last run left behind is whole: false before the first run and after one that failed. */
    private boolean complete;

    CpuProgram(
            Graph graph,
            MemoryPlan plan,
            Slabs.Slab memory,
            Workers workers,
            List<Entry> entries,
            long[] inputOffsets,
            Map<String, Tensor> outputs) {
        this.graph = graph;
        this.plan = plan;
        this.memory = memory;
        this.m = memory.m();
        this.workers = workers;
        this.entries = entries.toArray(new Entry[0]);
        this.inputOffsets = inputOffsets;
        this.outputs = outputs;
        this.firstOutput = outputs.values().iterator().next();
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
    public List<StepInfo> steps() {
        return Arrays.stream(entries).map(entry -> entry.profile.info()).toList();
    }

    @Override
    public Tensor run(Cancellation cancellation, Tensor... given) {
        requireOpen();
        graph.requireInputs(given);
        long changed = take(given);
        complete = false;
        for (Entry entry : entries) {
            if (changed == ALL || (entry.inputs & changed) != 0) {
                if (RECORDED.isEnabled()) {
                    runRecorded(entry, cancellation);
                } else {
                    run(entry, cancellation);
                }
            }
        }
        complete = true;
        return firstOutput;
    }

    /** Copies the inputs that differ from those of the last run; returns which, as {@link Dependencies#bit}s. */
    private long take(Tensor[] given) {
        long changed = complete ? 0 : ALL;
        complete = false; // from here on the memory is neither the last run's nor this one's
        for (int i = 0; i < given.length; i++) {
            MemorySegment data = given[i].data();
            long from = inputOffsets[i];
            if (changed == ALL
                    || MemorySegment.mismatch(m, from, from + data.byteSize(), data, 0, data.byteSize()) >= 0) {
                MemorySegment.copy(data, 0, m, from, data.byteSize());
                changed |= Dependencies.bit(i) | Dependencies.FIRST_INPUT;
            }
        }
        return changed;
    }

    private void run(Entry entry, Cancellation cancellation) {
        try {
            workers.run(entry.step, cancellation);
        } catch (InternalError e) {
            throw entry.profile.unreadable(e);
        }
    }

    private void runRecorded(Entry entry, Cancellation cancellation) {
        StepEvent event = new StepEvent();
        event.begin();
        run(entry, cancellation);
        event.end();
        if (event.shouldCommit()) {
            event.describe(entry.profile.info());
            event.commit();
        }
    }

    @Override
    public Tensor output(String name) {
        requireOpen();
        Tensor output = outputs.get(name);
        if (output == null) {
            throw new TensorException("the graph has no output %s, only %s".formatted(name, outputs.keySet()));
        }
        if (!complete) {
            throw new IllegalStateException(
                    "output %s is not known: there was no run yet, or the last one failed".formatted(name));
        }
        return output;
    }

    @Override
    public void close() {
        if (m.scope().isAlive()) {
            memory.close();
        }
    }

    private void requireOpen() {
        if (!m.scope().isAlive()) {
            throw new IllegalStateException("the program is closed");
        }
    }
}
