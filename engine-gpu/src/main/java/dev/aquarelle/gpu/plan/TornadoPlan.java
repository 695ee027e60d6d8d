package dev.aquarelle.gpu.plan;

import dev.aquarelle.ops.BackendException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid3D;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Stages as TornadoVM's task graphs, a graph each; the values stay on the device from one to the next. */
final class TornadoPlan implements Device.Run {
    private final TornadoExecutionPlan plan;
    private final GridScheduler grids = new GridScheduler();

    TornadoPlan(TornadoDevice device, List<Stage> stages, FloatArray x) {
        List<ImmutableTaskGraph> graphs = new ArrayList<>();
        for (int i = 0; i < stages.size(); i++) {
            graphs.add(graph(stages.get(i), i == 0 ? null : stages.get(i - 1).name(), x));
        }
        plan = new TornadoExecutionPlan(graphs.toArray(new ImmutableTaskGraph[0]))
                .withDevice(device)
                .withGridScheduler(grids);
    }

    private ImmutableTaskGraph graph(Stage stage, @Nullable String before, FloatArray x) {
        int once = DataTransferMode.FIRST_EXECUTION;
        int always = DataTransferMode.EVERY_EXECUTION;
        TaskGraph graph = new TaskGraph(stage.name())
                .transferToDevice(once, stage.numbers())
                .transferToDevice(stage.traffic() == Stage.Traffic.UPLOAD ? always : once, stage.words());
        if (before == null) {
            graph.transferToDevice(once, x);
        } else {
            graph.consumeFromDevice(before, x);
        }
        int at = 0;
        for (int i = 0; i < stage.launches().size(); i++) {
            Launch launch = stage.launches().get(i);
            String task = "t" + i;
            graph.task(task, launch.kernel().method(), new KernelContext(), stage.numbers(), at, stage.words(), x);
            grids.addWorkerGrid(stage.name() + "." + task, grid(launch));
            at += launch.numbers().length;
        }
        graph.persistOnDevice(x);
        if (stage.traffic() == Stage.Traffic.DOWNLOAD) {
            graph.transferToHost(always, stage.words());
        }
        return graph.snapshot();
    }

    private static WorkerGrid grid(Launch launch) {
        int width = launch.kernel().width();
        int height = launch.kernel().height();
        WorkerGrid grid = new WorkerGrid3D(
                Math.multiplyExact(launch.groupsX(), width),
                Math.multiplyExact(launch.groupsY(), height),
                launch.groupsZ());
        grid.setLocalWork(width, height, 1);
        return grid;
    }

    @Override
    public void stage(int index) {
        plan.withGraph(index).execute();
    }

    @Override
    public void close() {
        try {
            plan.freeDeviceMemory();
            plan.close();
        } catch (TornadoExecutionPlanException e) {
            throw new BackendException("gpu: the execution plan does not close: " + e.getMessage());
        }
    }
}
