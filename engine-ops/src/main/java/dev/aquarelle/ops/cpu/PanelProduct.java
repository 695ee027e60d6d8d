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
    private final Buffers buffers;
    private final GemmStep.Product p;
    private final RowSource a;

    /** Terms of a block of k, the last one perhaps fewer. */
    final int kBlock;

    PanelProduct(MemorySegment m, GemmKernel kernel, Buffers buffers, GemmStep.Product p, RowSource a) {
        this.m = m;
        this.kernel = kernel;
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
     * Some rows and a panel, a group of blocks of k: what they sum up to stays in the first-level cache until it is whole.
     *
     * @param block the rows as {@link #gather} has them, those of {@code k} at {@code at}
     * @param panel which panel of B; it lies at {@code b}, in bytes
     */
    void multiply(float[] block, int at, int row, int rows, int k, int panel, long b, int worker) {
        int col = panel * GemmKernel.PANEL;
        int cols = Math.min(GemmKernel.PANEL, p.columns() - col);
        int width = GemmKernel.padded(cols);
        float[] sums = buffers.sums[worker];
        float[] more = buffers.more[worker];
        long bias = p.bias() < 0 ? -1 : p.bias() + 4L * col;
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
                    long to = p.c() + (row + r) * p.cStride() + 4L * col;
                    long from = k > 0 ? to : bias;
                    long fromStride = k > 0 ? p.cStride() : 0;
                    kernel.put(sums, sum, GemmKernel.PANEL, some, cols, m, to, p.cStride(), from, fromStride);
                }
            }
        }
    }
}
