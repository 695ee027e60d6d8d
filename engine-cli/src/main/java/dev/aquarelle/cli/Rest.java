package dev.aquarelle.cli;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** How long the rest of several batches of pictures takes: what the engine says of the one at work, and as much for each picture behind it. */
final class Rest {
    private final LongSupplier clock;
    private long start;
    private int pictures;
    private int later;

    /**
     * @param clock nanoseconds
     */
    Rest(LongSupplier clock) {
        this.clock = clock;
    }

    /**
     * A batch begins.
     *
     * @param pictures of it
     * @param later pictures of those that follow
     */
    void begin(int pictures, int later) {
        this.pictures = pictures;
        this.later = later;
        start = clock.getAsLong();
    }

    /** Seconds since the batch began, for each of its pictures. */
    double secondsAPicture() {
        return (clock.getAsLong() - start) / 1e9 / pictures;
    }

    /** The time to the end of all batches, if the one at work takes so much more; null if that is not known. */
    @Nullable
    Duration after(@Nullable Duration batch) {
        if (batch == null) {
            return null;
        }
        long whole = clock.getAsLong() - start + batch.toNanos();
        return batch.plusNanos(whole / pictures * later);
    }
}
