package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;

/**
 * One matrix product {@code C = A B + bias} on all threads: some panels of B are packed, all rows of A go through them, then the next
 * panels.
 *
 * <p>The sum over k is cut into {@link #blockOf even blocks}, each summed on its own: that keeps A's rows in the second-level cache, and
 * the rounding error small. It is the only cut that shows in the bits; rows and panels are split as the threads like it.
 */
final class GemmStep implements Step {
    /** Most terms of a sum that are accumulated before they are added to the result: with 16 columns, 20 KiB of a panel. */
    static final int K_BLOCK = 320;

    /** Rows that one task takes at most: 32 strips, 240 KiB of A. */
    static final int ROW_BLOCK = 192;

    /** Packed panels take at most this many bytes, so that they stay in the last-level cache; but at least one panel. */
    private static final long PACKED_BYTES = 8L << 20;

    /** Terms of a block, the last one perhaps fewer: as few blocks as may be, of even size. Part of the contract: it fixes the bits. */
    static int blockOf(int k) {
        int blocks = Math.max(1, Math.ceilDiv(k, K_BLOCK));
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
        rowBlock = Math.clamp(GemmKernel.paddedRows(even), ROW_BLOCK / 2, ROW_BLOCK);
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
        float[] block = buffers.rows[worker];
        float[] sums = buffers.sums[worker];
        int kBlock = blockOf(p.k());
        for (int k = 0; k < p.k(); k += kBlock) {
            int count = Math.min(kBlock, p.k() - k);
            gather(row, rows, k, count, worker);
            for (int panel = first; panel < last; panel++) {
                int col = (firstPanel + panel) * GemmKernel.PANEL;
                int cols = Math.min(GemmKernel.PANEL, p.columns() - col);
                int width = GemmKernel.padded(cols);
                long b = panelOffset(panel) + 4L * width * k;
                long to = p.c() + row * p.cStride() + 4L * col;
                long bias = p.bias() < 0 ? -1 : p.bias() + 4L * col;
                for (int r = 0; r < rows; r += GemmKernel.ROWS, to += GemmKernel.ROWS * p.cStride()) {
                    int some = Math.min(GemmKernel.ROWS, rows - r);
                    kernel.multiply(block, r * count, some, count, m, b, width, sums, 0, GemmKernel.PANEL);
                    if (k > 0) {
                        kernel.put(sums, 0, GemmKernel.PANEL, some, cols, m, to, p.cStride(), to, p.cStride());
                    } else {
                        kernel.put(sums, 0, GemmKernel.PANEL, some, cols, m, to, p.cStride(), bias, 0);
                    }
                }
            }
        }
    }

    private void gather(int row, int rows, int k, int count, int worker) {
        float[] block = buffers.rows[worker];
        if (!kernel.interleaved()) {
            a.gather(m, row, rows, k, count, block);
            return;
        }
        float[] strip = buffers.strip[worker];
        for (int r = 0; r < rows; r += GemmKernel.ROWS) {
            a.gather(m, row + r, Math.min(GemmKernel.ROWS, rows - r), k, count, strip);
            kernel.interleave(strip, 0, count, count, block, r * count);
        }
    }

    private long panelOffset(int panel) {
        return scratch + 4L * GemmKernel.PANEL * p.k() * panel;
    }
}
