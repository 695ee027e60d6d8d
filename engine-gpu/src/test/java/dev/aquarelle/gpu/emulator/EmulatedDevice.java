package dev.aquarelle.gpu.emulator;

import dev.aquarelle.gpu.plan.Device;
import dev.aquarelle.gpu.plan.Kernel;
import dev.aquarelle.gpu.plan.Launch;
import dev.aquarelle.gpu.plan.Stage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task5;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Kernels as a device runs them, on threads: groups in random order, work items that really wait for each other, memory that holds NaN
 * until it is written, and every index checked.
 */
public final class EmulatedDevice implements Device {
    private final Random random = new Random(5);
    private final Function<Kernel, Task5<KernelContext, IntArray, FloatArray, ShortArray, FloatArray>> methods;

    private final long memory;

    /** With the kernels as they are. */
    public EmulatedDevice() {
        this(Kernel::method, Long.MAX_VALUE);
    }

    /** With so many bytes of memory. */
    public EmulatedDevice(long memory) {
        this(Kernel::method, memory);
    }

    /** With other methods in the kernels' places. */
    public EmulatedDevice(
            Function<Kernel, Task5<KernelContext, IntArray, FloatArray, ShortArray, FloatArray>> methods) {
        this(methods, Long.MAX_VALUE);
    }

    private EmulatedDevice(
            Function<Kernel, Task5<KernelContext, IntArray, FloatArray, ShortArray, FloatArray>> methods, long memory) {
        this.methods = methods;
        this.memory = memory;
    }

    @Override
    public String description() {
        return "emulated work items";
    }

    @Override
    public long memory() {
        return memory;
    }

    @Override
    public long largestArray() {
        return Long.MAX_VALUE;
    }

    @Override
    public Run prepare(List<Stage> stages, FloatArray x) {
        for (int i = 0; i < x.getSize(); i++) {
            x.set(i, Float.NaN);
        }
        return new Run() {
            @Override
            public void load(int stage) {}

            @Override
            public void launch(int stage, int launch) {
                run(stages.get(stage).launches().get(launch), stages.get(stage), x);
            }

            @Override
            public void close() {}
        };
    }

    private void run(Launch launch, Stage stage, FloatArray x) {
        List<WorkGroup> groups = new ArrayList<>();
        for (int k = 0; k < launch.groupsZ(); k++) {
            for (int j = 0; j < launch.groupsY(); j++) {
                for (int i = 0; i < launch.groupsX(); i++) {
                    groups.add(new WorkGroup(launch, i, j, k));
                }
            }
        }
        Collections.shuffle(groups, random);
        IntArray numbers = IntArray.fromArray(launch.numbers());
        Consumer<KernelContext> kernel =
                context -> methods.apply(launch.kernel()).apply(context, numbers, stage.floats(), stage.halves(), x);
        groups.forEach(group -> group.run(kernel, random));
    }

    @Override
    public void close() {}
}
