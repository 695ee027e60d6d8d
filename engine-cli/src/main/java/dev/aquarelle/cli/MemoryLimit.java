package dev.aquarelle.cli;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.sd.pipeline.MemoryNeed;
import java.util.Locale;
import picocli.CommandLine.Option;

/** How much memory the process may take, mapped weights not counted. */
final class MemoryLimit {
    /** What the JVM takes for itself, small pictures on the way to their files included: 170 to 195 MiB were measured. */
    static final long OF_JVM = 200L << 20;

    /** The same without what is known of its heap. */
    private static final long BESIDE_HEAP = 170L << 20;

    @Option(
            names = "--max-memory",
            paramLabel = "SIZE",
            converter = MemorySize.class,
            description =
                    "Take no more memory than this, such as 3G: what does not fit is made in smaller parts, or refused."
                            + " Mapped weights are not counted.")
    private MemoryBudget most = MemoryBudget.UNLIMITED;

    /**
     * What the engine may take: the JVM has its share of what the process may.
     *
     * @throws IllegalArgumentException if nothing is left
     */
    MemoryBudget ofEngine() {
        if (!isGiven()) {
            return most;
        }
        if (most.bytes() <= OF_JVM) {
            throw new IllegalArgumentException(
                    "--max-memory: expected more than the %s that the JVM takes for itself, found %s"
                            .formatted(amount(OF_JVM), amount(most.bytes())));
        }
        return most.minus(OF_JVM);
    }

    /** What the JVM takes for itself, prompts, latents and pictures included. */
    static long ofJvm(MemoryNeed need) {
        return Math.max(OF_JVM, BESIDE_HEAP + need.heap());
    }

    /** All that a picture takes. */
    static long inAll(MemoryNeed need) {
        return need.peak() + ofJvm(need);
    }

    /**
     * Refuses what takes more than it may because of what is in the Java heap, of which the engine's share of the limit says nothing.
     *
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if it does
     */
    void require(MemoryNeed need) {
        most.require(
                "the request with the JVM's %s, latents and pictures included,".formatted(amount(ofJvm(need))),
                inAll(need));
    }

    /** Whether there is a limit. */
    boolean isGiven() {
        return !most.equals(MemoryBudget.UNLIMITED);
    }

    /** The option under which the engine may take so much. */
    static String option(long ofEngine) {
        return "which is --max-memory %.0fM with what the JVM takes for itself"
                .formatted(Math.ceil((ofEngine + OF_JVM) / 0x1p20));
    }

    /** In MiB, rounded up. */
    static String amount(long bytes) {
        return String.format(Locale.ROOT, "%.0f MiB", Math.ceil(bytes / 0x1p20));
    }
}
