package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;

/**
 * One matrix product {@code C = A B + bias} on all threads: some panels of B are packed, all rows of A go through them, then the next
 * panels. Rows and panels are split as the threads like it; no bits depend on that, only on {@link PanelProduct}.
 */
final class GemmStep implements Step {
    /** Rows that one task takes at most, where k is one block: 32 strips, 240 KiB of A. */
    static final int ROW_BLOCK = 192;

    /** Packed panels take at most this many bytes, so that they stay in the last-level cache; but at least one panel. */
    private static final long PACKED_BYTES = 8L << 20;

    /**
     * What is computed.
     *
     * @param rows of A and C
     * @param columns of C, and of B, which has twice as many if gated
     * @param k columns of A, rows of B
     * @param c where C begins, in bytes
     * @param cStride bytes from one row of C to the next
     * @param bias where the bias lies, in bytes; negative for none
     * @param gated whether C is the first half of the columns, times GELU of the second half; then a whole number of panels each
     */
    record Product(int rows, int columns, int k, long c, long cStride, long bias, boolean gated) {
        /** Panels of C. */
        int panels() {
            return Math.ceilDiv(columns, GemmKernel.PANEL);
        }

        /** Panels of B that make one of C, packed one behind the other. */
        int parts() {
            return gated ? 2 : 1;
        }

        /** Bytes that they take. */
        long panelBytes() {
            return 4L * GemmKernel.PANEL * k * parts();
        }

        int panelsAtATime() {
            return Math.clamp(PACKED_BYTES / Math.max(1, panelBytes()), 1, Math.max(1, panels()));
        }

        /** Bytes of scratch memory: for packed panels, and for each thread's gates. */
        long scratchBytes(int threads) {
            long packed = FewRowsStep.suits(this, threads) ? threads : panelsAtATime();
            long turned = WeightRowsStep.suits(this, threads) ? WeightRowsStep.scratchBytes(this, threads) : 0;
            return Math.max(packed * panelBytes() + threads * gateBytes(), turned);
        }

        /** Bytes of the gates that a thread has at a time. */
        long gateBytes() {
            int most = Math.max(FewRowsStep.ROWS, ROW_BLOCK);
            return gated ? 4L * GemmKernel.PANEL * Math.min(rows, most) : 0;
        }

        /** Columns of B that belong to a panel of C: the first one, and how many. */
        int column(int panel, int part) {
            return part * columns + panel * GemmKernel.PANEL;
        }

        int columnsOf(int panel) {
            return Math.min(GemmKernel.PANEL, columns - panel * GemmKernel.PANEL);
        }
    }

    private final MemorySegment m;
    private final Buffers buffers;
    private final Product p;
    private final PanelSource b;
    private final long scratch;
    private final PanelProduct product;
    private final Workers.Task packing = this::pack;
    private final Workers.Task computing = this::compute;
    private int firstPanel;
    private int panels;
    private int rowBlock;
    private int rowBlocks;
    private int panelsATask;

    GemmStep(MemorySegment m, Kernels kernels, Buffers buffers, Product p, RowSource a, PanelSource b, long scratch) {
        this.m = m;
        this.buffers = buffers;
        this.p = p;
        this.b = b;
        this.scratch = scratch;
        product = new PanelProduct(m, kernels, buffers, p, a, scratch + p.panelsAtATime() * p.panelBytes());
    }

    @Override
    public long packedBytes() {
        return p.panels() * p.panelBytes();
    }

    @Override
    public void run(Workers workers) {
        int atATime = p.panelsAtATime();
        for (firstPanel = 0; firstPanel < p.panels(); firstPanel += atATime) {
            panels = Math.min(atATime, p.panels() - firstPanel);
            split(workers.threads());
            workers.parallel(panels * p.parts() * b.tasks(), packing);
            workers.parallel(rowBlocks * ((panels + panelsATask - 1) / panelsATask), computing);
        }
    }

    /** Few rows at a time and all panels, or, where there are not rows enough for all threads, fewer panels. */
    private void split(int threads) {
        int wanted = threads == 1 ? 1 : 4 * threads;
        int even = Math.ceilDiv(p.rows(), wanted);
        int deep = Math.min(PanelProduct.K_BLOCKS, Math.ceilDiv(p.k(), product.kBlock));
        int most = ROW_BLOCK / deep / GemmKernel.ROWS * GemmKernel.ROWS;
        rowBlock = Math.clamp(GemmKernel.paddedRows(even), Math.min(most, ROW_BLOCK / PanelProduct.K_BLOCKS), most);
        rowBlocks = Math.ceilDiv(p.rows(), rowBlock);
        int chunks = Math.clamp((wanted + rowBlocks - 1) / rowBlocks, 1, panels);
        panelsATask = (panels + chunks - 1) / chunks;
    }

    private void pack(int task, int worker) {
        int number = task / b.tasks();
        int panel = firstPanel + number / p.parts();
        int part = number % p.parts();
        int cols = p.columnsOf(panel);
        long to = panelOffset(number / p.parts()) + part * (p.panelBytes() / p.parts());
        b.pack(task % b.tasks(), m, to, GemmKernel.padded(cols), p.column(panel, part), cols, worker);
    }

    private void compute(int task, int worker) {
        int first = task / rowBlocks * panelsATask;
        int last = Math.min(panels, first + panelsATask);
        int row = task % rowBlocks * rowBlock;
        int rows = Math.min(rowBlock, p.rows() - row);
        float[] block = buffers.rows[worker];
        for (int k = 0; k < p.k(); k += product.group(k)) {
            product.gather(row, rows, k, k + product.group(k), block, 0, worker);
            for (int panel = first; panel < last; panel++) {
                product.multiply(block, 0, row, rows, k, firstPanel + panel, panelOffset(panel), worker);
            }
        }
    }

    private long panelOffset(int panel) {
        return scratch + p.panelBytes() * panel;
    }
}
