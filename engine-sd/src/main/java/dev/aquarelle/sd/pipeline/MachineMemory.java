package dev.aquarelle.sd.pipeline;

import com.sun.management.OperatingSystemMXBean;
import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.core.tensor.Shape;
import java.lang.management.ManagementFactory;

/** How much memory there is at all: a plan beyond it is refused before it begins. */
final class MachineMemory {
    /** The rest is for the weights' pages, the JVM and the other programs. */
    private static final double USABLE = 0.8;

    private static final int BYTES_PER_PIXEL = 3;

    /** One picture is read as floats, four times as large, or filtered and compressed for its file. */
    private static final int BESIDE_PICTURES = 4;

    private static final int CANVAS_AND_MASK = 2;

    /** Those of a step, before and after, what the denoiser sees and says of them twice, and a sampler's memory of four steps. */
    private static final int LATENTS_AT_A_TIME = 10;

    private MachineMemory() {}

    /** The budget, but not more than most of what this machine or its container has. */
    static MemoryBudget limit(MemoryBudget budget) {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
            long usable = (long) (USABLE * system.getTotalMemorySize());
            return usable > 0 && usable < budget.bytes() ? new MemoryBudget(usable) : budget;
        }
        return budget;
    }

    /**
     * What prompts, latents and pictures take in the Java heap: programs live outside of it, but not what is between them.
     *
     * @param held bytes that encoded prompts and the state of the noise take
     */
    static long heapBytes(SettledRequest s, Shape latents, long held) {
        long ofLatents = LATENTS_AT_A_TIME * latents.size() * Float.BYTES;
        long besides = BESIDE_PICTURES * Math.max((long) s.width() * s.height(), s.pixels());
        return held + ofLatents + BYTES_PER_PIXEL * (s.batch() * s.pixels() + besides);
    }

    /**
     * Refuses a picture to be continued that the Java heap cannot hold with its mask, beside what is painted of it.
     *
     * @param batch how many are painted of it
     * @throws MemoryBudgetException if they take more than there can be
     */
    static void requireCanvas(int width, int height, int batch) {
        long pixels = (long) width * height;
        heap().require(
                        "what is held of a canvas of %d x %d pixels in the Java heap".formatted(width, height),
                        BYTES_PER_PIXEL * pixels * (CANVAS_AND_MASK + batch + BESIDE_PICTURES));
    }

    private static MemoryBudget heap() {
        return new MemoryBudget((long) (USABLE * Runtime.getRuntime().maxMemory()));
    }

    /**
     * Refuses pictures that the Java heap cannot hold.
     *
     * @param held bytes that encoded prompts and the state of the noise take
     * @throws MemoryBudgetException if they take more than there can be
     */
    static void requireHeap(SettledRequest s, Shape latents, long held) {
        heap().require(
                        "what is held of %d pictures in the Java heap".formatted(s.batch()),
                        heapBytes(s, latents, held));
    }
}
