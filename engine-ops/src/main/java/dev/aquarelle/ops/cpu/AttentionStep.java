package dev.aquarelle.ops.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Attention that never holds more than {@link #KEYS} scores of a panel of queries a thread (the running maximum and sum of Milakov and
 * Gimelshein, arXiv:1805.02867; blocked as FlashAttention, arXiv:2205.14135). Everything is computed across: products are
 * {@code keys x queries}, then {@code values x queries}, so that the scores of a query are a column, its softmax needs no sums across
 * a vector, and the weights lie as the second product reads them. Blocks of keys are cut by shape alone: they show in the bits.
 */
final class AttentionStep implements Step {
    /** Keys whose scores are held at a time. Part of the contract: it fixes the bits. */
    static final int KEYS = 40 * GemmKernel.ROWS;

    /** Most queries of a task: keys and values are fetched from memory once for all of them. */
    static final int QUERIES = 256;

    /**
     * What is computed; see {@link dev.aquarelle.ops.graph.ProductOp.Attention}.
     *
     * @param queryWidth D, of a head
     * @param valueWidth E, of a head
     */
    record Heads(
            int batch, int heads, int queries, int keys, int queryWidth, int valueWidth, float scale, boolean causal) {
        int keyBlocks() {
            return (keys + KEYS - 1) / KEYS;
        }

        /** Queries of a task: whole panels, fewer the wider they are, so that they stay in the second-level cache. */
        int queriesATask() {
            int fitting = (1 << 14) / Math.max(1, Math.max(queryWidth, valueWidth));
            return Math.clamp(fitting - fitting % 64, 64, QUERIES);
        }

        int queryBlocks() {
            return (queries + queriesATask() - 1) / queriesATask();
        }

        int valueRows() {
            return GemmKernel.paddedRows(valueWidth);
        }

        /** Bytes of the keys and the values of a head, in strips. */
        long stripBytes() {
            return 4L * GemmKernel.paddedRows(keys) * queryWidth + 4L * keys * valueRows();
        }

        /** What each thread has for itself: its queries and the weights of a block. */
        long ownBytes() {
            return 4L * queriesATask() * queryWidth + 4L * KEYS * GemmKernel.PANEL;
        }

        long scratchBytes(int threads) {
            return (long) batch * heads * stripBytes() + threads * ownBytes();
        }
    }

    private final MemorySegment m;
    private final GemmKernel gemm;
    private final AttentionKernels attention;
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
            AttentionKernels attention,
            Buffers buffers,
            Heads heads,
            long q,
            long k,
            long v,
            long out,
            long scratch) {
        this.m = m;
        this.gemm = gemm;
        this.attention = attention;
        this.buffers = buffers;
        this.h = heads;
        this.q = q;
        this.k = k;
        this.v = v;
        this.out = out;
        this.scratch = scratch;
        buffers.reserveAttention(heads);
    }

    @Override
    public void run(Workers workers) {
        workers.parallel(h.batch * h.heads * h.keyBlocks(), packing);
        workers.parallel(h.batch * h.heads * h.queryBlocks(), computing);
    }

    /** A block of keys and their values to strips, as the products want them. */
    private void pack(int task, int worker) {
        int head = task / h.keyBlocks();
        int first = task % h.keyBlocks() * KEYS;
        int count = Math.min(KEYS, h.keys - first);
        long row = (long) head / h.heads * h.keys + first;
        packKeys(row * h.heads + head % h.heads, keys(head, first), count, worker);
        packValues(row * h.heads + head % h.heads, values(head, first), count, worker);
    }

    private void packKeys(long row, long to, int count, int worker) {
        float[] rows = buffers.values[worker];
        float[] strips = buffers.rows[worker];
        int width = h.queryWidth;
        Arrays.fill(rows, count * width, GemmKernel.paddedRows(count) * width, 0f);
        gemm.take(m, k + 4 * row * width, 4L * h.heads * width, count, width, rows, 0);
        if (gemm.interleaved()) {
            for (int key = 0; key < count; key += GemmKernel.ROWS) {
                gemm.interleave(rows, key * width, width, width, strips, key * width);
            }
        }
        copyOut(gemm.interleaved() ? strips : rows, to, GemmKernel.paddedRows(count) * width);
    }

    private void packValues(long row, long to, int count, int worker) {
        float[] rows = buffers.rows[worker];
        float[] strips = buffers.values[worker];
        int width = h.valueWidth;
        Arrays.fill(strips, 0, h.valueRows() * count, 0f);
        gemm.take(m, v + 4 * row * width, 4L * h.heads * width, count, width, rows, 0);
        for (int e = 0; e < width; e++) {
            int strip = e / GemmKernel.ROWS * GemmKernel.ROWS * count;
            int at = gemm.interleaved() ? strip + e % GemmKernel.ROWS : e * count;
            int step = gemm.interleaved() ? GemmKernel.ROWS : 1;
            for (int key = 0, from = e; key < count; key++, from += width, at += step) {
                strips[at] = rows[from];
            }
        }
        copyOut(strips, to, h.valueRows() * count);
    }

    private void compute(int task, int worker) {
        int head = task / h.queryBlocks();
        int first = task % h.queryBlocks() * h.queriesATask();
        int queries = Math.min(h.queriesATask(), h.queries - first);
        packQueries(head, first, queries, worker);
        Arrays.fill(buffers.gathered[worker], 0, h.queriesATask() * h.valueRows(), 0f);
        Arrays.fill(buffers.maxima[worker], Float.NEGATIVE_INFINITY);
        Arrays.fill(buffers.totals[worker], 0f);
        float[] keys = buffers.rows[worker];
        float[] values = buffers.values[worker];
        int visible = h.causal ? Math.min(h.keys, first + queries) : h.keys;
        for (int key = 0; key < visible; key += KEYS) {
            int count = Math.min(KEYS, h.keys - key);
            copyIn(keys(head, key), keys, GemmKernel.paddedRows(count) * h.queryWidth);
            copyIn(values(head, key), values, h.valueRows() * count);
            for (int panel = 0; panel < queries; panel += GemmKernel.PANEL) {
                attend(first + panel, panel, Math.min(GemmKernel.PANEL, queries - panel), key, count, worker);
            }
        }
        finish(head, first, queries, worker);
    }

    /** Queries to panels [D, columns]. */
    private void packQueries(int head, int first, int queries, int worker) {
        float[] rows = buffers.sums[worker];
        float[] across = buffers.gathered[worker];
        int width = h.queryWidth;
        for (int panel = 0; panel < queries; panel += GemmKernel.PANEL) {
            int some = Math.min(GemmKernel.PANEL, queries - panel);
            int columns = GemmKernel.padded(some);
            long query = (long) head / h.heads * h.queries + first + panel;
            long from = q + 4 * (query * h.heads + head % h.heads) * width;
            Arrays.fill(across, 0, columns * width, 0f);
            gemm.take(m, from, 4L * h.heads * width, some, width, rows, 0);
            for (int i = 0; i < some; i++) {
                for (int d = i * width, to = i; d < (i + 1) * width; d++, to += columns) {
                    across[to] = rows[d];
                }
            }
            copyOut(across, own(worker) + 4L * panel * width, columns * width);
        }
    }

    /** A block of keys for a panel of queries: what they gather is added to the worker's buffer. */
    private void attend(int query, int panel, int queries, int key, int count, int worker) {
        int columns = GemmKernel.padded(queries);
        float[] scores = buffers.scores[worker];
        float[] sums = buffers.sums[worker];
        float[] factors = buffers.factors[worker];
        long queriesAt = own(worker) + 4L * panel * h.queryWidth;
        gemm.multiply(buffers.rows[worker], 0, count, h.queryWidth, m, queriesAt, columns, scores, 0, GemmKernel.PANEL);
        if (h.causal) {
            for (int i = 0; i < queries; i++) {
                for (int unseen = Math.clamp(query + i + 1L - key, 0, count); unseen < count; unseen++) {
                    scores[unseen * GemmKernel.PANEL + i] = Float.NEGATIVE_INFINITY;
                }
            }
        }
        long weights = own(worker) + 4L * h.queriesATask() * h.queryWidth;
        attention.weigh(
                scores,
                count,
                columns,
                h.scale * ScalarMath.LOG2_E,
                buffers.maxima[worker],
                buffers.totals[worker],
                factors,
                panel,
                m,
                weights);
        gemm.multiply(buffers.values[worker], 0, h.valueWidth, count, m, weights, columns, sums, 0, GemmKernel.PANEL);
        attention.gather(buffers.gathered[worker], panel * h.valueRows(), h.valueWidth, columns, factors, panel, sums);
    }

    /** What the queries have gathered, divided by their totals, to the result. */
    private void finish(int head, int first, int queries, int worker) {
        float[] gathered = buffers.gathered[worker];
        float[] totals = buffers.totals[worker];
        float[] rows = buffers.sums[worker];
        int width = h.valueWidth;
        for (int panel = 0; panel < queries; panel += GemmKernel.PANEL) {
            int some = Math.min(GemmKernel.PANEL, queries - panel);
            for (int i = 0; i < some; i++) {
                float normalizer = 1 / totals[panel + i];
                int from = panel * h.valueRows() + i;
                for (int to = i * width; to < (i + 1) * width; to++, from += GemmKernel.PANEL) {
                    rows[to] = gathered[from] * normalizer;
                }
            }
            long query = (long) head / h.heads * h.queries + first + panel;
            long to = out + 4 * (query * h.heads + head % h.heads) * width;
            gemm.put(rows, 0, width, some, width, m, to, 4L * h.heads * width, -1, 0);
        }
    }

    private void copyIn(long from, float[] to, int count) {
        MemorySegment.copy(m, JAVA_FLOAT_UNALIGNED, from, to, 0, count);
    }

    private void copyOut(float[] from, long to, int count) {
        MemorySegment.copy(from, 0, m, JAVA_FLOAT_UNALIGNED, to, count);
    }

    private long keys(int head, int key) {
        return scratch + head * h.stripBytes() + 4L * key * h.queryWidth;
    }

    private long values(int head, int key) {
        return keys(head, 0) + 4L * GemmKernel.paddedRows(h.keys) * h.queryWidth + 4L * key * h.valueRows();
    }

    private long own(int worker) {
        return scratch + (long) h.batch * h.heads * h.stripBytes() + worker * h.ownBytes();
    }
}
