package dev.aquarelle.core.memory;

/** A plan that takes more memory than it may; thrown before anything is allocated. */
public final class MemoryBudgetException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Bytes the plan takes. */
    private final long needed;

    /** Bytes it may take. */
    private final long available;

    /**
     * @param who what wanted the memory
     * @param needed bytes it takes
     * @param available bytes it may take
     */
    public MemoryBudgetException(String who, long needed, long available) {
        super("%s takes %.1f MiB, but only %.1f MiB may be used".formatted(who, needed / 0x1p20, available / 0x1p20));
        this.needed = needed;
        this.available = available;
    }

    /** Bytes the plan takes. */
    public long needed() {
        return needed;
    }

    /** Bytes it may take. */
    public long available() {
        return available;
    }
}
