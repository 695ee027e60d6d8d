package dev.aquarelle.ops.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import dev.aquarelle.ops.graph.TokenOp;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;

/**
 * {@link TokenOp.MatchTokens}: similarities are a product of the tokens that may move with those that stay, of which a panel at a time is
 * held. Each similarity is one chain of multiply-adds over the channels, and choices are made in order of the tokens, so that neither
 * threads nor the width of vectors show.
 */
final class MatchTokensStep implements Step {
    /** Most numbers of the rows of a task, which stay in the second-level cache. */
    private static final int ROW_NUMBERS = GemmStep.ROW_BLOCK * PanelProduct.K_BLOCK;

    private static final int KEY_BITS = 64;

    /**
     * Sizes of the work.
     *
     * @param staying tokens that stay
     * @param moving tokens that may be merged with them
     */
    record Sizes(int batch, int staying, int moving, int channels) {
        static Sizes of(TokenOp.MatchTokens op, int batch, int channels) {
            int moving = TokenOp.MatchTokens.movable(op.height(), op.width());
            return moving == 0
                    ? new Sizes(batch, 0, 0, channels)
                    : new Sizes(batch, op.height() * op.width() - moving, moving, channels);
        }

        /** Rows of a task: whole strips. */
        int rowsATask() {
            int fitting = ROW_NUMBERS / channels / GemmKernel.ROWS * GemmKernel.ROWS;
            return Math.clamp(fitting, GemmKernel.ROWS, GemmStep.ROW_BLOCK);
        }

        int rowTasks() {
            return Math.ceilDiv(moving, rowsATask());
        }

        int panels() {
            return Math.ceilDiv(staying, GemmKernel.PANEL);
        }

        long panelBytes() {
            return 4L * GemmKernel.PANEL * channels;
        }

        /** Bytes of a sample: the panels, then for each moving token its best similarity and whose it is. */
        long sampleBytes() {
            return panels() * panelBytes() + 8L * moving;
        }

        long scratchBytes() {
            return batch * sampleBytes();
        }
    }

    private final MemorySegment m;
    private final Kernels kernels;
    private final Buffers buffers;
    private final TokenOp.MatchTokens op;
    private final Sizes s;
    private final long x;
    private final long out;
    private final long scratch;
    private final int[] staying;
    private final int[] moving;
    private final Workers.Task packing = this::pack;
    private final Workers.Task comparing = this::compare;
    private final Workers.Task placing = this::place;

    /** Offsets are in bytes, of x and the result. */
    MatchTokensStep(
            MemorySegment m,
            Kernels kernels,
            Buffers buffers,
            TokenOp.MatchTokens op,
            Sizes sizes,
            long x,
            long out,
            long scratch) {
        this.m = m;
        this.kernels = kernels;
        this.buffers = buffers;
        this.op = op;
        this.s = sizes;
        this.x = x;
        this.out = out;
        this.scratch = scratch;
        this.staying = tokens(op, sizes.staying, true);
        this.moving = tokens(op, sizes.moving, false);
        buffers.reserveTokens(sizes);
    }

    /** The numbers in the image of the tokens that stay, or of the others. */
    private static int[] tokens(TokenOp.MatchTokens op, int count, boolean stay) {
        return IntStream.range(0, count == 0 ? 0 : op.height() * op.width())
                .filter(token -> stays(op, token / op.width(), token % op.width()) == stay)
                .toArray();
    }

    private static boolean stays(TokenOp.MatchTokens op, int row, int column) {
        boolean inSquare = row + TokenOp.SQUARE <= op.height() && column + TokenOp.SQUARE <= op.width();
        return inSquare && row % TokenOp.SQUARE == 0 && column % TokenOp.SQUARE == 0;
    }

    @Override
    public void run(Workers workers) {
        if (op.merged() > 0) {
            workers.parallel(s.batch * s.panels(), packing);
            workers.parallel(s.batch * s.rowTasks(), comparing);
        }
        workers.parallel(s.batch, placing);
    }

    /** Tokens that stay, each of length 1, to a panel [C, columns]. */
    private void pack(int task, int worker) {
        int sample = task / s.panels();
        int panel = task % s.panels();
        int first = panel * GemmKernel.PANEL;
        int count = Math.min(GemmKernel.PANEL, s.staying - first);
        int columns = GemmKernel.padded(count);
        float[] token = buffers.strip[worker];
        long to = panel(sample, panel);
        for (int i = 0; i < columns; i++) {
            float scale = 0;
            if (i < count) {
                long from = token(sample, staying[first + i]);
                kernels.gemm().take(m, from, 4L * s.channels, 1, s.channels, token, 0);
                scale = inverseLength(from);
            }
            for (int c = 0; c < s.channels; c++) {
                m.set(JAVA_FLOAT_UNALIGNED, to + 4L * (c * columns + i), scale == 0 ? 0 : token[c] * scale);
            }
        }
    }

    /** 0 for a token of zeros. In plain order, one by one: next to the product it is nothing, and it is the same for all vectors. */
    private float inverseLength(long token) {
        double squares = 0;
        for (int c = 0; c < s.channels; c++) {
            double value = m.get(JAVA_FLOAT_UNALIGNED, token + 4L * c);
            squares += value * value;
        }
        return squares == 0 ? 0 : (float) (1 / Math.sqrt(squares));
    }

    /** Some moving tokens with all that stay. */
    private void compare(int task, int worker) {
        int sample = task / s.rowTasks();
        int first = task % s.rowTasks() * s.rowsATask();
        int rows = Math.min(s.rowsATask(), s.moving - first);
        gather(sample, first, rows, worker);
        for (int i = first; i < first + rows; i++) {
            m.set(JAVA_FLOAT_UNALIGNED, similarity(sample, i), Float.NEGATIVE_INFINITY);
            m.set(JAVA_INT_UNALIGNED, choice(sample, i), 0);
        }
        float[] sums = buffers.sums[worker];
        for (int panel = 0; panel < s.panels(); panel++) {
            int count = Math.min(GemmKernel.PANEL, s.staying - panel * GemmKernel.PANEL);
            int columns = GemmKernel.padded(count);
            long b = panel(sample, panel);
            kernels.gemm()
                    .multiply(buffers.rows[worker], 0, rows, s.channels, m, b, columns, sums, 0, GemmKernel.PANEL);
            for (int i = 0; i < rows; i++) {
                choose(sample, first + i, sums, i * GemmKernel.PANEL, count, panel * GemmKernel.PANEL);
            }
        }
        for (int i = first; i < first + rows; i++) { // lengths of the tokens that stay are 1 already
            long at = similarity(sample, i);
            float scale = inverseLength(token(sample, moving[i]));
            float best = m.get(JAVA_FLOAT_UNALIGNED, at);
            boolean known = best > Float.NEGATIVE_INFINITY && !Float.isNaN(scale);
            m.set(JAVA_FLOAT_UNALIGNED, at, known ? best * scale + 0f : Float.NEGATIVE_INFINITY);
        }
    }

    private void gather(int sample, int first, int rows, int worker) {
        GemmKernel gemm = kernels.gemm();
        float[] strip = buffers.strip[worker];
        float[] to = buffers.rows[worker];
        for (int r = 0; r < rows; r += GemmKernel.ROWS) {
            int some = Math.min(GemmKernel.ROWS, rows - r);
            float[] target = gemm.interleaved() ? strip : to;
            int at = gemm.interleaved() ? 0 : r * s.channels;
            for (int i = 0; i < some; i++) {
                long from = token(sample, moving[first + r + i]);
                gemm.take(m, from, 4L * s.channels, 1, s.channels, target, at + i * s.channels);
            }
            if (gemm.interleaved()) {
                gemm.interleave(strip, 0, s.channels, s.channels, to, r * s.channels);
            }
        }
    }

    /** The largest of some similarities, if it is larger than the best so far; of equals the first. */
    private void choose(int sample, int moving, float[] sums, int at, int count, int first) {
        long bestAt = similarity(sample, moving);
        float best = m.get(JAVA_FLOAT_UNALIGNED, bestAt);
        int choice = -1;
        for (int i = 0; i < count; i++) {
            if (sums[at + i] > best) {
                best = sums[at + i];
                choice = i;
            }
        }
        if (choice >= 0) {
            m.set(JAVA_FLOAT_UNALIGNED, bestAt, best);
            m.set(JAVA_INT_UNALIGNED, choice(sample, moving), first + choice);
        }
    }

    /** Merges the moving tokens of the largest similarities, and gives a place to each that is left, then to those. */
    private void place(int sample, int worker) {
        int tokens = op.height() * op.width();
        long places = out + 4L * sample * tokens;
        long least = op.merged() == 0 ? Long.MAX_VALUE : least(sample);
        for (int i = 0; i < tokens; i++) {
            m.set(JAVA_INT_UNALIGNED, places + 4L * i, 0);
        }
        for (int i = 0; i < s.moving; i++) {
            if (isMerged(sample, i, least)) {
                m.set(JAVA_INT_UNALIGNED, places + 4L * moving[i], -1);
            }
        }
        int next = 0;
        for (int i = 0; i < tokens; i++) {
            if (m.get(JAVA_INT_UNALIGNED, places + 4L * i) == 0) {
                m.set(JAVA_INT_UNALIGNED, places + 4L * i, next++);
            }
        }
        for (int i = 0; i < s.moving; i++) {
            if (isMerged(sample, i, least)) {
                int with = staying[m.get(JAVA_INT_UNALIGNED, choice(sample, i))];
                int place = m.get(JAVA_INT_UNALIGNED, places + 4L * with);
                m.set(JAVA_INT_UNALIGNED, places + 4L * moving[i], place);
            }
        }
    }

    private boolean isMerged(int sample, int moving, long least) {
        return op.merged() > 0 && key(sample, moving) >= least;
    }

    /** The key that exactly as many have or exceed as are merged: found bit by bit, since no two are equal. */
    private long least(int sample) {
        long least = Long.MIN_VALUE;
        for (int bit = KEY_BITS - 1; bit >= 0; bit--) {
            long larger = bit == KEY_BITS - 1 ? 0 : least | 1L << bit;
            int count = 0;
            for (int i = 0; i < s.moving; i++) {
                count += key(sample, i) >= larger ? 1 : 0;
            }
            least = count >= op.merged() ? larger : least;
        }
        return least;
    }

    /** The larger the more similar; of equals, that of the token that comes first. */
    private long key(int sample, int moving) {
        int bits = Float.floatToIntBits(m.get(JAVA_FLOAT_UNALIGNED, similarity(sample, moving)));
        long ordered = bits ^ bits >> 31 & Integer.MAX_VALUE; // floats in the order of integers
        return ordered << 32 | Integer.MAX_VALUE - moving;
    }

    private long token(int sample, int token) {
        return x + 4L * s.channels * ((long) sample * op.height() * op.width() + token);
    }

    private long panel(int sample, int panel) {
        return scratch + sample * s.sampleBytes() + panel * s.panelBytes();
    }

    private long similarity(int sample, int moving) {
        return panel(sample, s.panels()) + 4L * moving;
    }

    private long choice(int sample, int moving) {
        return similarity(sample, s.moving) + 4L * moving;
    }
}
