package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.graph.TokenOp;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@link TokenOp.MergeTokens}. A task has some channels of all tokens of a sample, so that each sum is in order of the tokens whatever the
 * threads do. All places are checked, and their tokens counted, before any is added. Out must not overlap an operand.
 */
final class MergeTokensStep implements Step, Workers.Task {
    private static final int CHANNELS_PER_TASK = 64;

    private final String who;
    private final MemorySegment m;
    private final Kernels kernels;
    private final Shape shape;
    private final int left;
    private final long x;
    private final long places;
    private final long out;
    private final long counts;
    private final int tasksASample;

    /**
     * Offsets are in bytes.
     *
     * @param who the operation, for messages
     * @param shape of x
     * @param left tokens of the result
     * @param counts scratch memory of {@link #scratchBytes}
     */
    MergeTokensStep(
            String who,
            MemorySegment m,
            Kernels kernels,
            Shape shape,
            int left,
            long x,
            long places,
            long out,
            long counts) {
        this.who = who;
        this.m = m;
        this.kernels = kernels;
        this.shape = shape;
        this.left = left;
        this.x = x;
        this.places = places;
        this.out = out;
        this.counts = counts;
        tasksASample = Math.ceilDiv(shape.last(), CHANNELS_PER_TASK);
    }

    static long scratchBytes(Shape result) {
        return 4L * result.dim(0) * result.dim(1);
    }

    /**
     * @throws TensorException if a place is outside of the result
     */
    @Override
    public void run(Workers workers) {
        int all = shape.dim(0) * shape.dim(1);
        clear(counts, shape.dim(0) * left);
        for (int i = 0; i < all; i++) {
            int place = place(i);
            if (place < 0 || place >= left) {
                throw new TensorException(
                        "%s: place %d (at %d) is outside of the %d rows".formatted(who, place, i, left));
            }
            long count = count(i / shape.dim(1), place);
            m.set(ValueLayout.JAVA_INT_UNALIGNED, count, m.get(ValueLayout.JAVA_INT_UNALIGNED, count) + 1);
        }
        workers.parallel(shape.dim(0) * tasksASample, this);
    }

    private void clear(long at, int count) {
        for (int i = 0; i < count; i++) {
            m.set(ValueLayout.JAVA_INT_UNALIGNED, at + 4L * i, 0);
        }
    }

    private int place(long i) {
        return m.get(ValueLayout.JAVA_INT_UNALIGNED, places + 4 * i);
    }

    private long count(int sample, int place) {
        return counts + 4L * ((long) sample * left + place);
    }

    @Override
    public void run(int task, int worker) {
        int sample = task / tasksASample;
        int channel = task % tasksASample * CHANNELS_PER_TASK;
        int channels = Math.min(CHANNELS_PER_TASK, shape.last() - channel);
        for (int place = 0; place < left; place++) {
            clear(result(sample, place, channel), channels);
        }
        for (int i = 0; i < shape.dim(1); i++) {
            long token = (long) sample * shape.dim(1) + i;
            long to = result(sample, place(token), channel);
            kernels.map().add(m, to, m, x + 4L * (token * shape.last() + channel), m, to, channels);
        }
        for (int place = 0; place < left; place++) {
            divide(
                    result(sample, place, channel),
                    channels,
                    m.get(ValueLayout.JAVA_INT_UNALIGNED, count(sample, place)));
        }
    }

    private void divide(long at, int channels, int count) {
        if (count > 1) {
            for (int c = 0; c < channels; c++) {
                Scalars.set(m, at + 4L * c, Scalars.get(m, at + 4L * c) / count);
            }
        }
    }

    private long result(int sample, int place, int channel) {
        return out + 4L * (((long) sample * left + place) * shape.last() + channel);
    }
}
