package dev.aquarelle.gpu.emulator;

import dev.aquarelle.gpu.plan.Device;
import dev.aquarelle.gpu.plan.Launch;
import dev.aquarelle.gpu.plan.Stage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Kernels as a device runs them, on threads: groups in random order, work items that really wait for each other, memory that holds NaN
 * until it is written, and every index checked.
 */
public final class EmulatedDevice implements Device {
    private final Random random = new Random(5);

    @Override
    public String description() {
        return "emulated work items";
    }

    @Override
    public long memory() {
        return Long.MAX_VALUE;
    }

    @Override
    public Run prepare(List<Stage> stages, FloatArray x) {
        for (int i = 0; i < x.getSize(); i++) {
            x.set(i, Float.NaN);
        }
        return new Run() {
            @Override
            public void stage(int index) {
                Stage stage = stages.get(index);
                int at = 0;
                for (Launch launch : stage.launches()) {
                    run(launch, stage, at, x);
                    at += launch.numbers().length;
                }
            }

            @Override
            public void close() {}
        };
    }

    private void run(Launch launch, Stage stage, int at, FloatArray x) {
        List<WorkGroup> groups = new ArrayList<>();
        for (int k = 0; k < launch.groupsZ(); k++) {
            for (int j = 0; j < launch.groupsY(); j++) {
                for (int i = 0; i < launch.groupsX(); i++) {
                    groups.add(new WorkGroup(launch, i, j, k));
                }
            }
        }
        Collections.shuffle(groups, random);
        Consumer<KernelContext> kernel =
                context -> launch.kernel().method().apply(context, stage.numbers(), at, stage.words(), x);
        groups.forEach(group -> group.run(kernel));
    }

    @Override
    public void close() {}
}
