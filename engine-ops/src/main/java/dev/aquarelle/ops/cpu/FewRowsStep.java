package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;

/**
 * A matrix product of so few rows that packing B costs as much as multiplying: all of A is gathered once, for all threads, and a task
 * packs a panel where it alone needs it and multiplies it while it is in the cache. The bits are those of {@link GemmStep}.
 */
final class FewRowsStep implements Step {
    /** Most rows, as many as a 16x16 map with guidance has and some: with more, A is read from farther away than panels would be. */
    static final int ROWS = 576;

    /** Most numbers of A: 12 MiB. */
    private static final int NUMBERS = 3 << 20;

    private final MemorySegment m;
    private final Buffers buffers;
    private final GemmStep.Product p;
    private final PanelSource b;
    private final long scratch;
    private final PanelProduct product;
    private final Workers.Task gathering = this::gather;
    private final Workers.Task computing = this::compute;

    FewRowsStep(
            MemorySegment m,
            Kernels kernels,
            Buffers buffers,
            GemmStep.Product p,
            RowSource a,
            PanelSource b,
            int threads,
            long scratch) {
        this.m = m;
        this.buffers = buffers;
        this.p = p;
        this.b = b;
        this.scratch = scratch;
        product = new PanelProduct(m, kernels, buffers, p, a, scratch + threads * p.panelBytes());
        buffers.reserveFewRows(GemmKernel.paddedRows(p.rows()), p.k());
    }

    /** Whether a product is computed this way: it needs panels enough to keep all threads busy. */
    static boolean suits(GemmStep.Product p, int threads) {
        return isSmall(p) && p.panels() >= 2L * threads;
    }

    static boolean isSmall(GemmStep.Product p) {
        return p.rows() <= ROWS && (long) GemmKernel.paddedRows(p.rows()) * p.k() <= NUMBERS;
    }

    @Override
    public long packedBytes() {
        return p.panels() * p.panelBytes();
    }

    @Override
    public void run(Workers workers) {
        workers.parallel(Math.ceilDiv(p.k(), product.kBlock), gathering);
        workers.parallel(p.panels(), computing);
    }

    private void gather(int block, int worker) {
        int k = block * product.kBlock;
        int end = Math.min(p.k(), k + product.kBlock);
        product.gather(0, p.rows(), k, end, buffers.shared(), k * GemmKernel.paddedRows(p.rows()), worker);
    }

    private void compute(int panel, int worker) {
        int cols = p.columnsOf(panel);
        long at = scratch + worker * p.panelBytes();
        for (int part = 0; part < p.parts(); part++) {
            long to = at + part * (p.panelBytes() / p.parts());
            for (int task = 0; task < b.tasks(); task++) {
                b.pack(task, m, to, GemmKernel.padded(cols), p.column(panel, part), cols, worker);
            }
        }
        for (int k = 0; k < p.k(); k += product.group(k)) {
            int rows = k * GemmKernel.paddedRows(p.rows());
            product.multiply(buffers.shared(), rows, 0, p.rows(), k, panel, at, worker);
        }
    }
}
