package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;

/**
 * Some rows of A times a panel of B, summed as every product is: the sum over k is cut into even {@linkplain #blockOf blocks}, each
 * summed on its own, and up to {@link #K_BLOCKS} of them are added up before the result is touched. That keeps a panel's block in the
 * first-level cache, and the rounding error small. These are the only cuts that show in the bits.
 */
final class PanelProduct {
    /** Most terms of a sum that are accumulated before they are added to others: with 16 columns, 20 KiB of a panel. */
    static final int K_BLOCK = 320;

    /** Blocks that are added up before the result is touched. Part of the contract too. */
    static final int K_BLOCKS = 4;

    private final MemorySegment m;
    private final GemmKernel kernel;
    private final MapKernels map;
    private final Buffers buffers;
    private final GemmStep.Product p;
    private final RowSource a;

    /** Terms of a block of k, the last one perhaps fewer. */
    final int kBlock;

    private final long gates;

    /**
     * @param gates where each thread's gates go, in bytes, if the product is gated
     */
    PanelProduct(MemorySegment m, Kernels kernels, Buffers buffers, GemmStep.Product p, RowSource a, long gates) {
        this.m = m;
        kernel = kernels.gemm();
        map = kernels.map();
        this.gates = gates;
        this.buffers = buffers;
        this.p = p;
        this.a = a;
        kBlock = blockOf(p.k(), K_BLOCK);
    }

    /** Terms of a block, the last one perhaps fewer: as few blocks as may be, of even size. Part of the contract: it fixes the bits. */
    static int blockOf(int k, int most) {
        int blocks = Math.max(1, Math.ceilDiv(k, most));
        return Math.max(1, Math.ceilDiv(Math.ceilDiv(k, blocks), 16) * 16);
    }

    /** Whether a sum of so many terms touches the result once. */
    static boolean isOneGroup(int k) {
        return k <= K_BLOCKS * blockOf(k, K_BLOCK);
    }

    /** Terms from {@code k} on that are added up before the result is touched. */
    int group(int k) {
        return Math.min(K_BLOCKS * kBlock, p.k() - k);
    }

    /** Blocks of k of some rows to {@code to}: the block at {@code k} at the beginning, [block, strip, terms, rows of a strip]. */
    void gather(int row, int rows, int k, int end, float[] to, int at, int worker) {
        float[] strip = buffers.strip[worker];
        for (int start = k; start < end; start += kBlock) {
            int count = Math.min(kBlock, end - start);
            int block = at + (start - k) * GemmKernel.paddedRows(rows);
            for (int r = 0; r < rows; r += GemmKernel.ROWS) {
                int some = Math.min(GemmKernel.ROWS, rows - r);
                if (kernel.interleaved()) {
                    a.gather(m, row + r, some, start, count, strip, 0);
                    kernel.interleave(strip, 0, count, count, to, block + r * count);
                } else {
                    a.gather(m, row + r, some, start, count, to, block + r * count);
                }
            }
        }
    }

    /**
     * Some rows and a panel of C, a group of blocks of k.
     *
     * @param block the rows as {@link #gather} has them, those of {@code k} at {@code at}
     * @param panel which panel; those of B that make it lie at {@code b}, in bytes
     */
    void multiply(float[] block, int at, int row, int rows, int k, int panel, long b, int worker) {
        int cols = p.columnsOf(panel);
        long c = p.c() + row * p.cStride() + 4L * GemmKernel.PANEL * panel;
        if (!p.gated()) {
            sum(block, at, rows, k, cols, b, c, p.cStride(), bias(panel, 0), worker);
            return;
        }
        long gate = gates + worker * p.gateBytes();
        sum(block, at, rows, k, cols, b + p.panelBytes() / 2, gate, 4L * GemmKernel.PANEL, bias(panel, 1), worker);
        sum(block, at, rows, k, cols, b, c, p.cStride(), bias(panel, 0), worker);
        for (int r = 0; r < rows; r++, c += p.cStride(), gate += 4L * GemmKernel.PANEL) {
            map.geGlu(m, c, gate, m, c, cols);
        }
    }

    private long bias(int panel, int part) {
        return p.bias() < 0 ? -1 : p.bias() + 4L * p.column(panel, part);
    }

    /** Rows times a panel of B: what they sum up to stays in the first-level cache until it is whole, and goes to {@code c}. */
    private void sum(
            float[] block, int at, int rows, int k, int cols, long b, long c, long cStride, long bias, int worker) {
        int width = GemmKernel.padded(cols);
        float[] sums = buffers.sums[worker];
        float[] more = buffers.more[worker];
        int end = k + group(k);
        for (int start = k; start < end; start += kBlock) {
            int count = Math.min(kBlock, end - start);
            int strips = at + (start - k) * GemmKernel.paddedRows(rows);
            long part = b + 4L * width * start;
            for (int r = 0; r < rows; r += GemmKernel.ROWS) {
                int some = Math.min(GemmKernel.ROWS, rows - r);
                int sum = r * GemmKernel.PANEL;
                if (start == k) {
                    kernel.multiply(
                            block, strips + r * count, some, count, m, part, width, sums, sum, GemmKernel.PANEL);
                } else {
                    kernel.multiply(block, strips + r * count, some, count, m, part, width, more, 0, GemmKernel.PANEL);
                    kernel.rescale(sums, sum, 1, more, 0, GemmKernel.ROWS * GemmKernel.PANEL);
                }
                if (start + count == end) { // at once, so that memory takes them while the next are computed
                    long to = c + r * cStride;
                    long from = k > 0 ? to : bias;
                    kernel.put(sums, sum, GemmKernel.PANEL, some, cols, m, to, cStride, from, k > 0 ? cStride : 0);
                }
            }
        }
    }
}
