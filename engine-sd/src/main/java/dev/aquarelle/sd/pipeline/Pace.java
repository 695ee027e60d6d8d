package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.LayoutOp;
import dev.aquarelle.ops.graph.Value;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How fast a model's networks are here, from what they have taken so far, for an honest word on the time that is left. A run's first call
 * does not count: it is slow while the JVM compiles, and computes what the others do not.
 */
final class Pace {
    private static final int REMEMBERED = 10; // calls: the machine may have become slower or faster since

    /** Time that a decoder takes for each operation, to a denoiser's: large convolutions by transformed tiles. docs/performance.md. */
    private static final double DECODER = 0.5;

    private final LongSupplier clock;
    private double nanosPerFlop; // of the denoiser in its last run; 0 if not known
    private double decoderNanosPerFlop;

    /**
     * @param clock nanoseconds, as {@link System#nanoTime}
     */
    Pace(LongSupplier clock) {
        this.clock = clock;
    }

    /** Operations of a graph, as it counts them. */
    static double flops(Graph graph) {
        return graph.values().stream()
                .filter(value -> !value.operands().isEmpty() && !(value.op() instanceof LayoutOp.Reshape))
                .mapToDouble(value -> value.op()
                        .flops(
                                value.shape(),
                                value.operands().stream().map(Value::shape).toArray(Shape[]::new)))
                .sum();
    }

    /**
     * Begins a run.
     *
     * @param calls of the denoiser
     * @param flops of one of them
     * @param decoding operations that follow
     */
    Run begin(int calls, double flops, double decoding) {
        return new Run(calls, flops, decoding);
    }

    /** The calls of one run. */
    final class Run {
        private final int calls;
        private final double flops;
        private final double decoding;
        private final Deque<Long> taken = new ArrayDeque<>();
        private int done;
        private long last;

        private Run(int calls, double flops, double decoding) {
            this.calls = calls;
            this.flops = flops;
            this.decoding = decoding;
        }

        /** A call has ended; what the listener does afterwards is part of the next one. */
        void callDone() {
            long now = clock.getAsLong();
            done++;
            if (done > 1) {
                taken.addLast(now - last);
                if (taken.size() > REMEMBERED) {
                    taken.removeFirst();
                }
                nanosPerFlop =
                        taken.stream().mapToLong(Long::longValue).average().orElseThrow() / flops;
            }
            last = now;
        }

        /** What the calls that are left and the decoder will take; null if nothing is known yet. */
        @Nullable
        Duration left() {
            if (nanosPerFlop == 0) {
                return null;
            }
            double each = decoderNanosPerFlop == 0 ? DECODER * nanosPerFlop : decoderNanosPerFlop;
            return Duration.ofNanos((long) ((calls - done) * flops * nanosPerFlop + decoding * each));
        }
    }

    /**
     * Decodes a picture.
     *
     * @param flops that it takes
     * @param work the decoder's alone
     */
    <T> T decoding(double flops, Supplier<T> work) {
        long start = clock.getAsLong();
        T picture = work.get();
        decoderNanosPerFlop = (clock.getAsLong() - start) / flops;
        return picture;
    }
}
