package dev.aquarelle.ops.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Attention that never holds more than {@link #QUERIES} x {@link #KEYS} scores a thread (the running maximum and sum of Milakov and
 * Gimelshein, arXiv:1805.02867; blocked as FlashAttention, arXiv:2205.14135). Keys are packed as panels of columns and values as panels
 * of rows once, then each block of queries goes through all keys. Blocks of keys are cut by shape alone: they show in the bits.
 */
final class AttentionStep implements Step {
    /** Keys whose scores are held at a time. Part of the contract: it fixes the bits. */
    static final int KEYS = 256;

    /** Queries of a task. */
    static final int QUERIES = 48;

    /**
     * What is computed; see {@link dev.aquarelle.ops.graph.ProductOp.Attention}.
     *
     * @param queryWidth D, of a head
     * @param valueWidth E, of a head
     */
    record Heads(
            int batch, int heads, int queries, int keys, int queryWidth, int valueWidth, float scale, boolean causal) {
        int keyPanels() {
            return (keys + GemmKernel.PANEL - 1) / GemmKernel.PANEL;
        }

        int queryBlocks() {
            return (queries + QUERIES - 1) / QUERIES;
        }

        int paddedValueWidth() {
            return GemmKernel.padded(valueWidth);
        }

        long packedKeysBytes() {
            return 4L * keyPanels() * GemmKernel.PANEL * queryWidth;
        }

        long packedValuesBytes() {
            return 4L * keys * paddedValueWidth();
        }

        long scratchBytes() {
            return (long) batch * heads * (packedKeysBytes() + packedValuesBytes());
        }
    }

    private final MemorySegment m;
    private final GemmKernel gemm;
    private final RowKernels rowKernels;
    private final Buffers buffers;
    private final Heads h;
    private final long q;
    private final long k;
    private final long v;
    private final long out;
    private final long scratch;
    private final Workers.Task packing = this::pack;
    private final Workers.Task computing = this::compute;

    /** Offsets are in bytes, of q, k, v and the result. */
    AttentionStep(
            MemorySegment m,
            GemmKernel gemm,
            RowKernels rowKernels,
            Buffers buffers,
            Heads heads,
            long q,
            long k,
            long v,
            long out,
            long scratch) {
        this.m = m;
        this.gemm = gemm;
        this.rowKernels = rowKernels;
        this.buffers = buffers;
        this.h = heads;
        this.q = q;
        this.k = k;
        this.v = v;
        this.out = out;
        this.scratch = scratch;
        buffers.reserveAttention(heads.queryWidth, heads.paddedValueWidth());
    }

    @Override
    public void run(Workers workers) {
        workers.parallel(h.batch * h.heads * h.keyPanels(), packing);
        workers.parallel(h.batch * h.heads * h.queryBlocks(), computing);
    }

    /** The keys of one panel to columns, and their values to rows of padded width. */
    private void pack(int task, int worker) {
        int head = task / h.keyPanels();
        int first = task % h.keyPanels() * GemmKernel.PANEL;
        int count = Math.min(GemmKernel.PANEL, h.keys - first);
        long row = (long) head / h.heads * h.keys + first;
        long from = k + 4 * (row * h.heads + head % h.heads) * h.queryWidth;
        long to = packedKeys(head) + 4L * first * h.queryWidth;
        for (int d = 0; d < h.queryWidth; d++) {
            for (int key = 0; key < GemmKernel.PANEL; key++) {
                float x = key < count
                        ? m.get(JAVA_FLOAT_UNALIGNED, from + 4L * key * h.heads * h.queryWidth + 4L * d)
                        : 0;
                m.set(JAVA_FLOAT_UNALIGNED, to + 4L * (d * GemmKernel.PANEL + key), x);
            }
        }
        for (int e = 0; e < h.valueWidth; e += GemmKernel.PANEL) {
            int width = Math.min(GemmKernel.PANEL, h.paddedValueWidth() - e);
            int cols = Math.min(GemmKernel.PANEL, h.valueWidth - e);
            long panel = packedValues(head) + 4L * e * h.keys;
            for (int key = 0; key < count; key++) {
                long source = v + 4 * (((row + key) * h.heads + head % h.heads) * h.valueWidth + e);
                long target = panel + 4L * width * (first + key);
                MemorySegment.copy(m, source, m, target, 4L * cols);
                for (int i = cols; i < width; i++) {
                    m.set(JAVA_FLOAT_UNALIGNED, target + 4L * i, 0f);
                }
            }
        }
    }

    private void compute(int task, int worker) {
        int head = task / h.queryBlocks();
        int first = task % h.queryBlocks() * QUERIES;
        int rows = Math.min(QUERIES, h.queries - first);
        long row = (long) head / h.heads * h.queries + first;
        float[] query = buffers.rows[worker];
        for (int r = 0; r < rows; r++) {
            long from = q + 4 * ((row + r) * h.heads + head % h.heads) * h.queryWidth;
            MemorySegment.copy(m, JAVA_FLOAT_UNALIGNED, from, query, r * h.queryWidth, h.queryWidth);
        }
        attend(query, head, first, rows, worker);
        float[] gathered = buffers.gathered[worker];
        for (int r = 0; r < rows; r++) {
            long to = out + 4 * ((row + r) * h.heads + head % h.heads) * h.valueWidth;
            MemorySegment.copy(gathered, r * h.paddedValueWidth(), m, JAVA_FLOAT_UNALIGNED, to, h.valueWidth);
        }
    }

    /** All keys for some queries: what they gather is left in the worker's buffer. */
    private void attend(float[] query, int head, int first, int rows, int worker) {
        float[] scores = buffers.scores[worker];
        float[] sums = buffers.sums[worker];
        float[] gathered = buffers.gathered[worker];
        float[] maxima = buffers.maxima[worker];
        float[] totals = buffers.totals[worker];
        int padded = h.paddedValueWidth();
        Arrays.fill(gathered, 0, QUERIES * padded, 0f);
        Arrays.fill(maxima, Float.NEGATIVE_INFINITY);
        Arrays.fill(totals, 0f);
        int visible = h.causal ? Math.min(h.keys, first + rows) : h.keys;
        for (int key = 0; key < visible; key += KEYS) {
            int count = Math.min(KEYS, h.keys - key);
            for (int col = 0; col < count; col += GemmKernel.PANEL) {
                long panel = packedKeys(head) + 4L * (key + col) * h.queryWidth;
                gemm.multiply(query, rows, h.queryWidth, m, panel, GemmKernel.PANEL, scores, col, KEYS);
            }
            float[] factors = buffers.factors[worker];
            for (int r = 0; r < rows; r++) {
                int seen = h.causal ? Math.clamp(first + r + 1L - key, 0, count) : count;
                factors[r] = weigh(scores, r, seen, count, maxima, totals);
            }
            for (int e = 0; e < h.valueWidth; e += GemmKernel.PANEL) {
                int width = Math.min(GemmKernel.PANEL, padded - e);
                long panel = packedValues(head) + 4L * e * h.keys + 4L * width * key;
                gemm.multiply(scores, rows, count, m, panel, width, sums, e, padded);
            }
            for (int r = 0; r < rows; r++) {
                gemm.rescale(gathered, r * padded, factors[r], sums, r * padded, padded);
            }
        }
        for (int r = 0; r < rows; r++) {
            float normalizer = 1 / totals[r];
            for (int i = r * padded; i < (r + 1) * padded; i++) {
                gathered[i] *= normalizer;
            }
        }
    }

    /**
     * Scores of a query to weights: exponentials relative to the largest score so far. They are moved to rows that are {@code count}
     * apart, as the next product wants them; what is unseen or padding has weight 0.
     *
     * @return what everything gathered before is to be multiplied by
     */
    private float weigh(float[] scores, int row, int seen, int count, float[] maxima, float[] totals) {
        int padded = GemmKernel.padded(count);
        Arrays.fill(scores, KEYS * row + seen, KEYS * row + padded, Float.NEGATIVE_INFINITY);
        float maximum = Math.max(maxima[row], rowKernels.max(scores, KEYS * row, padded) * h.scale);
        boolean none = maximum == Float.NEGATIVE_INFINITY; // nothing seen yet, or NaN alone: weights of 0 and NaN
        float sum = rowKernels.expSum(scores, KEYS * row, row * count, padded, h.scale, none ? 0 : maximum);
        float factor = none ? 1 : ScalarMath.exp(maxima[row] - maximum);
        maxima[row] = maximum;
        totals[row] = Math.fma(totals[row], factor, sum);
        return factor;
    }

    private long packedKeys(int head) {
        return scratch + head * (h.packedKeysBytes() + h.packedValuesBytes());
    }

    private long packedValues(int head) {
        return packedKeys(head) + h.packedKeysBytes();
    }
}
