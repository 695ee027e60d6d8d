package dev.aquarelle.core.memory;

/**
 * How much memory something may take, mapped weight files not counted.
 *
 * @param bytes the limit; {@link Long#MAX_VALUE} for none
 */
public record MemoryBudget(long bytes) {
    /** No limit. */
    public static final MemoryBudget UNLIMITED = new MemoryBudget(Long.MAX_VALUE);

    /**
     * @throws IllegalArgumentException if the limit is negative
     */
    public MemoryBudget {
        if (bytes < 0) {
            throw new IllegalArgumentException("a memory budget must not be negative, found " + bytes);
        }
    }

    /**
     * Refuses what does not fit, before it is allocated.
     *
     * @param who what wants the memory, for the message
     * @throws MemoryBudgetException if {@code needed} is more than the limit
     */
    public void require(String who, long needed) {
        if (needed > bytes) {
            throw new MemoryBudgetException(who, needed, bytes);
        }
    }

    /** What is left of this budget once {@code taken} bytes are in use; never below 0. */
    public MemoryBudget minus(long taken) {
        return bytes == Long.MAX_VALUE ? this : new MemoryBudget(Math.max(0, bytes - taken));
    }
}
