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

    /** One picture is filtered and compressed for its file, once or more than once as large. */
    private static final int ENCODED_PICTURES = 3;

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
     * @param ofPrompts bytes that encoded prompts take
     */
    static long heapBytes(SettledRequest s, Shape latents, long ofPrompts) {
        long ofLatents = LATENTS_AT_A_TIME * latents.size() * Float.BYTES;
        return ofPrompts + ofLatents + (long) BYTES_PER_PIXEL * s.width() * s.height() * (s.batch() + ENCODED_PICTURES);
    }

    /**
     * Refuses pictures that the Java heap cannot hold.
     *
     * @param ofPrompts bytes that encoded prompts take
     * @throws MemoryBudgetException if they take more than there can be
     */
    static void requireHeap(SettledRequest s, Shape latents, long ofPrompts) {
        new MemoryBudget((long) (USABLE * Runtime.getRuntime().maxMemory()))
                .require(
                        "what is held of %d pictures in the Java heap".formatted(s.batch()),
                        heapBytes(s, latents, ofPrompts));
    }
}
