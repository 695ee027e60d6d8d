package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;

/**
 * One matrix product {@code C = A B + bias} on all threads: some panels of B are packed, all rows of A go through them, then the next
 * panels.
 *
 * <p>The sum over k is cut into even {@linkplain #blockOf blocks}, each summed on its own, and up to {@link #K_BLOCKS} of them are added up
 * before the result is touched: that keeps a panel's block in the first-level cache, A's rows in the second-level cache, and the rounding
 * error small. These are the only cuts that show in the bits; rows and panels are split as the threads like it.
 */
final class GemmStep implements Step {
    /** Most terms of a sum that are accumulated before they are added to the result: with 16 columns, 20 KiB of a panel. */
    static final int K_BLOCK = 320;

    /** Blocks that are added up before the result is touched. Part of the contract too. */
    private static final int K_BLOCKS = 4;

    /** Rows that one task takes at most, where k is one block: 32 strips, 240 KiB of A. */
    static final int ROW_BLOCK = 192;

    /** Packed panels take at most this many bytes, so that they stay in the last-level cache; but at least one panel. */
    private static final long PACKED_BYTES = 8L << 20;

    /** Terms of a block, the last one perhaps fewer: as few blocks as may be, of even size. Part of the contract: it fixes the bits. */
    static int blockOf(int k, int most) {
        int blocks = Math.max(1, Math.ceilDiv(k, most));
        return Math.max(1, Math.ceilDiv(Math.ceilDiv(k, blocks), 16) * 16);
    }

    /**
     * What is computed.
     *
     * @param rows of A and C
     * @param columns of B and C
     * @param k columns of A, rows of B
     * @param c where C begins, in bytes
     * @param cStride bytes from one row of C to the next
     * @param bias where the bias lies, in bytes; negative for none
     */
    record Product(int rows, int columns, int k, long c, long cStride, long bias) {
        int panels() {
            return Math.ceilDiv(columns, GemmKernel.PANEL);
        }

        int panelsAtATime() {
            long panel = 4L * GemmKernel.PANEL * k;
            return Math.clamp(PACKED_BYTES / Math.max(1, panel), 1, Math.max(1, panels()));
        }

        /** Bytes of scratch memory, for the packed panels. */
        long scratchBytes() {
            return 4L * GemmKernel.PANEL * k * panelsAtATime();
        }
    }

    private final MemorySegment m;
    private final GemmKernel kernel;
    private final Buffers buffers;
    private final Product p;
    private final RowSource a;
    private final PanelSource b;
    private final long scratch;
    private final int kBlock;
    private final Workers.Task packing = this::pack;
    private final Workers.Task computing = this::compute;
    private int firstPanel;
    private int panels;
    private int rowBlock;
    private int rowBlocks;
    private int panelsATask;

    GemmStep(
            MemorySegment m,
            GemmKernel kernel,
            Buffers buffers,
            Product product,
            RowSource a,
            PanelSource b,
            long scratch) {
        this.m = m;
        this.kernel = kernel;
        this.buffers = buffers;
        this.p = product;
        this.a = a;
        this.b = b;
        this.scratch = scratch;
        kBlock = blockOf(product.k(), K_BLOCK);
    }

    @Override
    public void run(Workers workers) {
        int atATime = p.panelsAtATime();
        for (firstPanel = 0; firstPanel < p.panels(); firstPanel += atATime) {
            panels = Math.min(atATime, p.panels() - firstPanel);
            split(workers.threads());
            workers.parallel(panels * b.tasks(), packing);
            workers.parallel(rowBlocks * ((panels + panelsATask - 1) / panelsATask), computing);
        }
    }

    /** Few rows at a time and all panels, or, where there are not rows enough for all threads, fewer panels. */
    private void split(int threads) {
        int wanted = threads == 1 ? 1 : 4 * threads;
        int even = Math.ceilDiv(p.rows(), wanted);
        int deep = Math.min(K_BLOCKS, Math.ceilDiv(p.k(), kBlock));
        int most = ROW_BLOCK / deep / GemmKernel.ROWS * GemmKernel.ROWS;
        rowBlock = Math.clamp(GemmKernel.paddedRows(even), Math.min(most, ROW_BLOCK / K_BLOCKS), most);
        rowBlocks = Math.ceilDiv(p.rows(), rowBlock);
        int chunks = Math.clamp((wanted + rowBlocks - 1) / rowBlocks, 1, panels);
        panelsATask = (panels + chunks - 1) / chunks;
    }

    private void pack(int task, int worker) {
        int panel = task / b.tasks();
        int col = (firstPanel + panel) * GemmKernel.PANEL;
        int cols = Math.min(GemmKernel.PANEL, p.columns() - col);
        b.pack(task % b.tasks(), m, panelOffset(panel), GemmKernel.padded(cols), col, cols, worker);
    }

    private void compute(int task, int worker) {
        int first = task / rowBlocks * panelsATask;
        int last = Math.min(panels, first + panelsATask);
        int row = task % rowBlocks * rowBlock;
        int rows = Math.min(rowBlock, p.rows() - row);
        for (int k = 0; k < p.k(); k += K_BLOCKS * kBlock) {
            int end = Math.min(p.k(), k + K_BLOCKS * kBlock);
            for (int at = k; at < end; at += kBlock) {
                gather(row, rows, at, Math.min(kBlock, end - at), (at - k) * GemmKernel.paddedRows(rows), worker);
            }
            for (int panel = first; panel < last; panel++) {
                multiply(row, rows, k, end, panel, worker);
            }
        }
    }

    /** Some rows and a panel, some blocks of k: what they sum up to stays in the first-level cache until it is whole. */
    private void multiply(int row, int rows, int start, int end, int panel, int worker) {
        int col = (firstPanel + panel) * GemmKernel.PANEL;
        int cols = Math.min(GemmKernel.PANEL, p.columns() - col);
        int width = GemmKernel.padded(cols);
        float[] block = buffers.rows[worker];
        float[] sums = buffers.sums[worker];
        float[] more = buffers.more[worker];
        long bias = p.bias() < 0 ? -1 : p.bias() + 4L * col;
        for (int k = start; k < end; k += kBlock) {
            int count = Math.min(kBlock, end - k);
            int a = (k - start) * GemmKernel.paddedRows(rows);
            long b = panelOffset(panel) + 4L * width * k;
            for (int r = 0; r < rows; r += GemmKernel.ROWS) {
                int some = Math.min(GemmKernel.ROWS, rows - r);
                int at = r * GemmKernel.PANEL;
                if (k == start) {
                    kernel.multiply(block, a + r * count, some, count, m, b, width, sums, at, GemmKernel.PANEL);
                } else {
                    kernel.multiply(block, a + r * count, some, count, m, b, width, more, 0, GemmKernel.PANEL);
                    kernel.rescale(sums, at, 1, more, 0, GemmKernel.ROWS * GemmKernel.PANEL);
                }
                if (k + count == end) { // at once, so that memory takes them while the next are computed
                    long to = p.c() + (row + r) * p.cStride() + 4L * col;
                    long from = start > 0 ? to : bias;
                    kernel.put(
                            sums,
                            at,
                            GemmKernel.PANEL,
                            some,
                            cols,
                            m,
                            to,
                            p.cStride(),
                            from,
                            start > 0 ? p.cStride() : 0);
                }
            }
        }
    }

    /** A block of k of some rows, to {@code at} of the worker's. */
    private void gather(int row, int rows, int k, int count, int at, int worker) {
        float[] block = buffers.rows[worker];
        float[] strip = buffers.strip[worker];
        for (int r = 0; r < rows; r += GemmKernel.ROWS) {
            int some = Math.min(GemmKernel.ROWS, rows - r);
            if (kernel.interleaved()) {
                a.gather(m, row + r, some, k, count, strip, 0);
                kernel.interleave(strip, 0, count, count, block, at + r * count);
            } else {
                a.gather(m, row + r, some, k, count, block, at + r * count);
            }
        }
    }

    private long panelOffset(int panel) {
        return scratch + 4L * GemmKernel.PANEL * p.k() * panel;
    }
}
