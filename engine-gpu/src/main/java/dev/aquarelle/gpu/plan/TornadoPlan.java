package dev.aquarelle.gpu.plan;

import dev.aquarelle.ops.BackendException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid3D;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.exceptions.TornadoInternalError;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Stages as TornadoVM's task graphs: for each stage one that sends its arrays, and one for each of its kernels, which is executed for
 * every launch with other numbers. TornadoVM compiles each task of each graph on its own, which takes a tenth of a second: a task for
 * every launch of a U-Net would take a minute.
 */
final class TornadoPlan implements Device.Run {
    /** Without TornadoVM's -cl-fast-relaxed-math, which knows no infinities. */
    private static final String OPENCL_FLAGS = "-cl-mad-enable -w";

    private static final int ONCE = DataTransferMode.FIRST_EXECUTION;
    private static final int ALWAYS = DataTransferMode.EVERY_EXECUTION;

    /** The graph that sends the values' array, which nothing has written yet. */
    private static final String VALUES = "values";

    private final TornadoGpu gpu;
    private final List<Stage> stages;
    private final FloatArray x;
    private final List<ImmutableTaskGraph> graphs = new ArrayList<>();
    private final Map<String, Entry> entries = new HashMap<>();
    private final GridScheduler grids = new GridScheduler();
    private final Set<Integer> loaded = new HashSet<>();
    private final TornadoExecutionPlan plan;

    /** A graph of one task. */
    private record Entry(int graph, WorkerGrid grid, IntArray numbers) {}

    /** A graph to be made: the one that sends a stage's arrays or fetches them, and has to free them, or the one of a kernel that reads them. */
    private record Task(String name, Kernel kernel, Stage stage, boolean isOwner) {
        boolean sharesArrays(Task other) {
            return stage.floats() == other.stage.floats();
        }
    }

    TornadoPlan(TornadoGpu gpu, List<Stage> stages, FloatArray x) {
        this.gpu = gpu;
        this.stages = stages;
        this.x = x;
        Map<String, Task> tasks = new LinkedHashMap<>();
        for (Stage stage : stages) {
            if (stage.traffic() != Stage.Traffic.DOWNLOAD) {
                tasks.putIfAbsent(loader(stage), new Task(loader(stage), Kernel.MAP, stage, true));
            }
            for (Launch launch : stage.launches()) {
                String name = name(stage, launch.kernel());
                tasks.putIfAbsent(name, new Task(name, launch.kernel(), stage, launch.kernel() == Kernel.DOWNLOAD));
            }
        }
        Stage none = Stage.moving(VALUES, Stage.Traffic.UPLOAD, List.of(), new FloatArray(1));
        add(
                new Task(VALUES, Kernel.MAP, none, true),
                new TaskGraph(VALUES).transferToDevice(ONCE, x, none.floats(), none.halves()));
        tasks.values().forEach(task -> add(task, graph(task, tasks.values())));
        TornadoExecutionPlan unproved = new TornadoExecutionPlan(graphs.toArray(new ImmutableTaskGraph[0]))
                .withDevice(gpu.device())
                .withCompilerFlags(TornadoVMBackendType.OPENCL, OPENCL_FLAGS)
                .withGridScheduler(grids);
        plan = gpu.isProved() ? unproved.withProfiler(ProfilerMode.SILENT) : unproved;
    }

    @Override
    public void start() {
        execute(VALUES);
    }

    /** The graph that sends a stage's arrays; stages that share arrays share it. */
    private String loader(Stage stage) {
        return stages.stream()
                .filter(other -> other.floats() == stage.floats())
                .findFirst()
                .orElseThrow()
                .name();
    }

    private String name(Stage stage, Kernel kernel) {
        return loader(stage) + "_" + kernel;
    }

    /**
     * What a graph takes over from the one executed before it, whichever that is: the values, and the arrays if that one has the same.
     * TornadoVM looks there alone, by its name, and otherwise keeps what it had.
     */
    private TaskGraph graph(Task task, Collection<Task> all) {
        Stage stage = task.stage;
        TaskGraph graph = new TaskGraph(task.name).consumeFromDevice(VALUES, x);
        for (Task other : all) {
            if (task.sharesArrays(other) && !task.isOwner) {
                graph.consumeFromDevice(other.name, x, stage.floats(), stage.halves());
            } else {
                graph.consumeFromDevice(other.name, x);
            }
        }
        if (task.isOwner) {
            boolean isSent = stage.traffic() == Stage.Traffic.UPLOAD || stage.traffic() == Stage.Traffic.STREAM;
            graph.transferToDevice(isSent ? ALWAYS : ONCE, stage.floats(), stage.halves());
        }
        return graph;
    }

    /** With numbers that are all 0 a map does nothing; so do graphs that only send. */
    private void add(Task task, TaskGraph graph) {
        Stage stage = task.stage;
        Kernel kernel = task.kernel;
        IntArray numbers = new IntArray(Kernel.MOST_NUMBERS);
        numbers.init(0);
        graph.transferToDevice(ALWAYS, numbers);
        if (kernel == Kernel.LIBRARY_PRODUCT) {
            graph.libraryTask("task", LibraryProduct::task, numbers, stage.floats(), stage.halves(), x);
        } else {
            graph.task("task", kernel.method(), new KernelContext(), numbers, stage.floats(), stage.halves(), x);
        }
        // what is taken over stays anyway, and would be freed twice
        if (task.name.equals(VALUES)) {
            graph.persistOnDevice(stage.floats(), stage.halves(), x);
        } else if (task.isOwner) {
            graph.persistOnDevice(stage.floats(), stage.halves());
        }
        if (kernel == Kernel.DOWNLOAD) {
            graph.transferToHost(ALWAYS, stage.floats());
        }
        WorkerGrid grid = new WorkerGrid3D(kernel.width(), kernel.height(), 1);
        grid.setLocalWork(kernel.width(), kernel.height(), 1);
        grids.addWorkerGrid(task.name + ".task", grid);
        entries.put(task.name, new Entry(graphs.size(), grid, numbers));
        graphs.add(graph.snapshot());
    }

    @Override
    public void load(int stage) {
        boolean isDue = switch (stages.get(stage).traffic()) {
            case UPLOAD, STREAM -> true;
            case WEIGHTS -> loaded.add(stage);
            case DOWNLOAD -> false;
        };
        if (isDue) {
            execute(loader(stages.get(stage)));
        }
    }

    @Override
    public void launch(int stage, int launch) {
        Launch run = stages.get(stage).launches().get(launch);
        Kernel kernel = run.kernel();
        String name = name(stages.get(stage), kernel);
        Entry entry = entry(name);
        for (int i = 0; i < run.numbers().length; i++) {
            entry.numbers.set(i, run.numbers()[i]);
        }
        entry.grid.setGlobalWork(
                Math.multiplyExact((long) run.groupsX(), kernel.width()),
                Math.multiplyExact((long) run.groupsY(), kernel.height()),
                run.groupsZ());
        execute(name);
    }

    private Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new IllegalArgumentException(name);
        }
        return entry;
    }

    private void execute(String name) {
        TornadoExecutionResult result;
        try {
            result = plan.withGraph(entry(name).graph).execute();
        } catch (RuntimeException | TornadoInternalError | LinkageError e) {
            String message = "%s does not run on %s: %s".formatted(name, gpu.description(), e);
            throw (BackendException) new BackendException(message).initCause(e);
        }
        if (gpu.isProved() && result.getProfilerResult().getDeviceKernelTime() <= 0) {
            throw new BackendException("%s did not run on %s".formatted(name, gpu.description()));
        }
    }

    /** TornadoVM complains of what it never had memory for; the plan is closed all the same. */
    @Override
    public void close() {
        try (plan) {
            plan.withAllGraphs().freeDeviceMemory(); // otherwise that of the graph executed last
        } catch (TornadoExecutionPlanException | RuntimeException | TornadoInternalError e) {
            throw (BackendException)
                    new BackendException("gpu: the execution plan does not close: " + e.getMessage()).initCause(e);
        }
    }
}
