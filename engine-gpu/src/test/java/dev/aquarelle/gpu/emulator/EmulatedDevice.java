package dev.aquarelle.gpu.emulator;

import dev.aquarelle.gpu.library.ProductLibrary;
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
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;

/**
 * Kernels as a device runs them, on threads: groups in random order, work items that really wait for each other, memory that holds NaN
 * until it is written, and every index checked.
 */
public class EmulatedDevice implements Device {
    private final Random random = new Random(5);
    private final Function<Kernel, Task5<KernelContext, IntArray, FloatArray, ShortArray, FloatArray>> methods;

    private final long memory;
    private final boolean hasLibrary;

    /** With the kernels as they are. */
    public EmulatedDevice() {
        this(Kernel::method, Long.MAX_VALUE, false);
    }

    /** With so many bytes of memory. */
    public EmulatedDevice(long memory) {
        this(Kernel::method, memory, false);
    }

    /** With cuBLAS. */
    public static EmulatedDevice withLibrary() {
        return new EmulatedDevice(Kernel::method, Long.MAX_VALUE, true);
    }

    /** With other methods in the kernels' places. */
    public EmulatedDevice(
            Function<Kernel, Task5<KernelContext, IntArray, FloatArray, ShortArray, FloatArray>> methods) {
        this(methods, Long.MAX_VALUE, false);
    }

    private EmulatedDevice(
            Function<Kernel, Task5<KernelContext, IntArray, FloatArray, ShortArray, FloatArray>> methods,
            long memory,
            boolean hasLibrary) {
        this.methods = methods;
        this.memory = memory;
        this.hasLibrary = hasLibrary;
    }

    /** The same kernels, with cuBLAS. */
    EmulatedDevice andLibrary() {
        return new EmulatedDevice(methods, memory, true);
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
    public boolean hasLibrary() {
        return hasLibrary;
    }

    @Override
    public Run prepare(List<Stage> stages, FloatArray x) {
        return new Run() {
            @Override
            public void start() {
                for (int i = 0; i < x.getSize(); i++) {
                    x.set(i, Float.NaN);
                }
            }

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
        if (launch.kernel() == Kernel.LIBRARY_PRODUCT) {
            callLibrary(launch.numbers(), stage, x);
            return;
        }
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

    /** As TornadoVM calls it: with the arrays, and where they are on the device. */
    protected void callLibrary(int[] product, Stage stage, FloatArray x) {
        FloatArray numbers = new FloatArray(1); // never read there
        FloatArray halves = new FloatArray(1);
        Object[] arguments = {IntArray.fromArray(product), stage.floats(), stage.halves(), x};
        long[] pointers = new long[arguments.length];
        boolean[] isReference = new boolean[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            pointers[i] = EmulatedCublas.address(i);
            isReference[i] = true;
        }
        EmulatedCublas cublas = new EmulatedCublas(numbers, stage.floats(), halves, x);
        LibraryContext context = new ProductLibrary.Cublas(cublas, cublas.createContext(null, 1));
        ProductLibrary library = new ProductLibrary();
        library.dispatch("product", new LibraryInvocation(arguments, pointers, isReference, null, 1, context, null));
    }

    @Override
    public void close() {}
}
