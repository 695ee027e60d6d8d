package dev.aquarelle.sd.pipeline;

import com.sun.management.OperatingSystemMXBean;
import dev.aquarelle.core.memory.MemoryBudget;
import java.lang.management.ManagementFactory;

/** How much memory there is at all: a plan beyond it is refused before it begins. */
final class MachineMemory {
    /** The rest is for the weights' pages, the JVM and the other programs. */
    private static final double USABLE = 0.8;

    private MachineMemory() {}

    /** The budget, but not more than most of what this machine or its container has. */
    static MemoryBudget limit(MemoryBudget budget) {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
            long usable = (long) (USABLE * system.getTotalMemorySize());
            return usable > 0 && usable < budget.bytes() ? new MemoryBudget(usable) : budget;
        }
        return budget;
    }
}
