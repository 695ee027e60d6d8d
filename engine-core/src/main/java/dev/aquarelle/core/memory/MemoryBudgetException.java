package dev.aquarelle.core.memory;

import java.util.Locale;

/** A plan that takes more memory than it may, or than the JVM gives; nothing is allocated then. */
public final class MemoryBudgetException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** In place of the bytes that may be taken, where nobody says how many. */
    public static final long UNKNOWN = -1;

    /** Bytes the plan takes. */
    private final long needed;

    /** Bytes it may take. */
    private final long available;

    /** Bytes that would do for all there is to do. */
    private final long least;

    /**
     * @param who what wanted the memory
     * @param needed bytes it takes
     * @param available bytes it may take
     */
    public MemoryBudgetException(String who, long needed, long available) {
        super("%s takes %s, but only %s may be used".formatted(who, amount(needed), amount(available)));
        this.needed = needed;
        this.available = available;
        this.least = UNKNOWN;
    }

    /**
     * The same refusal by one who knows what would do.
     *
     * @param refusal of a part
     * @param least the smallest limit under which everything is possible; perhaps below the present one, if it is made in smaller parts then
     */
    public MemoryBudgetException(MemoryBudgetException refusal, long least) {
        super(
                (least > refusal.available ? "%s; %s would do" : "%s; under a limit of %s it is made in smaller parts")
                        .formatted(refusal.getMessage(), amount(roundedUp(least))),
                refusal);
        this.needed = refusal.needed;
        this.available = refusal.available;
        this.least = least;
    }

    /** To the digit that is shown, so that what is shown would do. */
    private static long roundedUp(long bytes) {
        long unit = bytes < 1 << 10 ? 1 : bytes < 1 << 20 ? 1 << 10 : 1 << 20;
        return Math.ceilDiv(bytes, Math.max(1, unit / 10)) * Math.max(1, unit / 10);
    }

    /**
     * The same where the limit is the JVM's or the machine's.
     *
     * @param who what wanted the memory
     * @param needed bytes it takes
     * @param refusal what the JVM said
     */
    public MemoryBudgetException(String who, long needed, OutOfMemoryError refusal) {
        super(
                "%s takes %s, which this JVM does not give: %s".formatted(who, amount(needed), refusal.getMessage()),
                refusal);
        this.needed = needed;
        this.available = UNKNOWN;
        this.least = UNKNOWN;
    }

    /** MiB with a decimal, or a smaller unit for what would be nothing in it. */
    private static String amount(long bytes) {
        if (bytes < 1 << 10) {
            return bytes + " bytes";
        }
        return bytes < 1 << 20
                ? String.format(Locale.ROOT, "%.1f KiB", bytes / 0x1p10)
                : String.format(Locale.ROOT, "%.1f MiB", bytes / 0x1p20);
    }

    /** Bytes the plan takes. */
    public long needed() {
        return needed;
    }

    /** Bytes it may take; {@link #UNKNOWN} where the JVM refused. */
    public long available() {
        return available;
    }

    /** The smallest limit that would do for all there is to do; {@link #UNKNOWN} where nobody has found out. */
    public long least() {
        return least;
    }
}
