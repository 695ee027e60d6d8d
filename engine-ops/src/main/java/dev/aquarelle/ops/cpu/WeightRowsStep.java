package dev.aquarelle.ops.cpu;

import dev.aquarelle.ops.cpu.GemmStep.Product;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A matrix product of few rows with weights, {@code C' = W A'}: the rows of A are turned into panels, once, and those of the weights
 * are widened as they lie in the file, which takes a fraction of the time that turning them takes. What comes out is turned back. The sums are those of
 * {@link PanelProduct}, cut at the same places, and so are the bits. For kernels that take rows as they are.
 */
final class WeightRowsStep implements Step {
    /** Most rows: with more, turning all of A and what comes out takes longer than turning the weights. */
    private static final int ROWS = 256;

    /** Rows of weights that a task takes: with as many terms as are added up before the result is touched, 240 KiB. */
    private static final int OUTPUTS = GemmStep.ROW_BLOCK / PanelProduct.K_BLOCKS;

    /** Of these so many at a time, whose sums stay in the first-level cache: a multiple of a tile's rows, four or six. */
    static final int STRIP = 12;

    /** Most columns of a panel: of five vectors instead of four. */
    static final int WIDEST = GemmKernel.PANEL / 4 * 5;

    private final MemorySegment m;
    private final Buffers buffers;
    private final GemmKernel kernel;
    private final MapKernels map;
    private final Product p;
    private final RowSource a;
    private final WeightPanels weights;
    private final long scratch;
    private final int kBlock;
    private final int panels;
    private final int wide;
    private final Workers.Task turning = this::turn;
    private final Workers.Task computing = this::compute;

    WeightRowsStep(
            MemorySegment m,
            Kernels kernels,
            Buffers buffers,
            Product p,
            RowSource a,
            WeightPanels weights,
            long scratch) {
        this.m = m;
        this.buffers = buffers;
        kernel = kernels.gemm();
        map = kernels.map();
        this.p = p;
        this.a = a;
        this.weights = weights;
        this.scratch = scratch;
        kBlock = PanelProduct.blockOf(p.k(), PanelProduct.K_BLOCK);
        wide = wide(p);
        panels = Math.ceilDiv(p.rows(), wide);
    }

    /** Whether a product is computed this way: where tasks are enough to keep all threads busy. */
    static boolean suits(Product p, int threads) {
        return p.rows() <= ROWS && FewRowsStep.isSmall(p) && Math.ceilDiv(p.columns(), OUTPUTS) >= 2L * threads;
    }

    static long scratchBytes(Product p, int threads) {
        return panelBytes(p) + threads * gateBytes(p);
    }

    /** Bytes of all panels: full ones and a narrower one, whose columns are rows of A. */
    private static long panelBytes(Product p) {
        return 4L * p.k() * GemmKernel.padded(p.rows());
    }

    /** Columns of a full panel: five vectors if all are about full then, as with 77 tokens; else four. */
    private static int wide(Product p) {
        boolean whole = WIDEST % GemmKernel.COLUMNS == 0;
        int missing = Math.ceilDiv(p.rows(), WIDEST) * WIDEST - p.rows();
        return whole && missing < GemmKernel.COLUMNS ? WIDEST : GemmKernel.PANEL;
    }

    private int width(int panel) {
        return Math.min(wide, GemmKernel.padded(p.rows() - panel * wide));
    }

    private static long gateBytes(Product p) {
        return p.gated() ? 4L * p.rows() * OUTPUTS : 0;
    }

    /** The other form of {@link FewRowsStep}, which machines with narrower vectors take. */
    @Override
    public String kernel() {
        return "fewRows";
    }

    /** Weights that are widened. */
    @Override
    public long packedBytes() {
        return p.panels() * p.panelBytes();
    }

    @Override
    public void run(Workers workers) {
        workers.parallel(panels * Math.ceilDiv(p.k(), kBlock), turning);
        workers.parallel(Math.ceilDiv(p.columns(), OUTPUTS), computing);
    }

    /** A block of k of a panel. */
    private void turn(int task, int worker) {
        int panel = task % panels;
        int k = task / panels * kBlock;
        int count = Math.min(kBlock, p.k() - k);
        int width = width(panel);
        int first = panel * wide;
        int some = Math.min(width, p.rows() - first);
        float[] rows = buffers.rows[worker];
        float[] across = buffers.turned[worker];
        a.gather(m, first, some, k, count, rows, 0);
        for (int i = 0; i < width; i++) {
            for (int from = i * count, to = i; to < width * count; from++, to += width) {
                across[to] = i < some ? rows[from] : 0;
            }
        }
        MemorySegment.copy(
                across, 0, m, ValueLayout.JAVA_FLOAT_UNALIGNED, panelAt(panel) + 4L * k * width, width * count);
    }

    private void compute(int task, int worker) {
        int output = task * OUTPUTS;
        int outputs = Math.min(OUTPUTS, p.columns() - output);
        long c = p.c() + 4L * output;
        long gates = scratch + panelBytes(p) + worker * gateBytes(p);
        for (int k = 0; k < p.k(); k += PanelProduct.K_BLOCKS * kBlock) {
            if (p.gated()) {
                sums(p.columns() + output, outputs, k, gates, 4L * OUTPUTS, worker);
            }
            sums(output, outputs, k, c, p.cStride(), worker);
        }
        if (p.gated()) {
            for (int row = 0; row < p.rows(); row++, c += p.cStride(), gates += 4L * OUTPUTS) {
                map.geGlu(m, c, gates, m, c, outputs);
            }
        }
    }

    /** A group of blocks of k, some outputs and all rows: to {@code c}, or added to it from the second group on. */
    private void sums(int output, int outputs, int k, long c, long cStride, int worker) {
        float[] block = buffers.rows[worker];
        int end = Math.min(p.k(), k + PanelProduct.K_BLOCKS * kBlock);
        for (int o = 0; o < outputs; o++) {
            for (int start = k; start < end; start += kBlock) {
                int count = Math.min(kBlock, end - start);
                weights.row(output + o, start, count, block, (start - k) * OUTPUTS + o * count, worker);
            }
        }
        for (int panel = 0; panel < panels; panel++) {
            for (int strip = 0; strip < outputs; strip += STRIP) {
                sumStrip(block, strip, k, end, panel, worker);
            }
            turnBack(panel, output, outputs, k, c + (long) panel * wide * cStride, cStride, worker);
        }
    }

    private void sumStrip(float[] block, int strip, int k, int end, int panel, int worker) {
        float[] sums = buffers.sums[worker];
        float[] more = buffers.more[worker];
        int to = strip * wide;
        int width = width(panel);
        for (int start = k; start < end; start += kBlock) {
            int count = Math.min(kBlock, end - start);
            int at = (start - k) * OUTPUTS + strip * count;
            long b = panelAt(panel) + 4L * start * width;
            if (start == k) {
                kernel.multiply(block, at, STRIP, count, m, b, width, sums, to, wide);
            } else {
                kernel.multiply(block, at, STRIP, count, m, b, width, more, 0, wide);
                kernel.rescale(sums, to, 1, more, 0, STRIP * wide);
            }
        }
    }

    private void turnBack(int panel, int output, int outputs, int k, long c, long cStride, int worker) {
        float[] sums = buffers.sums[worker];
        float[] turned = buffers.turned[worker];
        int rows = Math.min(wide, p.rows() - panel * wide);
        long bias = p.bias() < 0 ? -1 : p.bias() + 4L * output;
        for (int row = 0; row < rows; row++, c += cStride) { // one by one, so that memory takes them meanwhile
            for (int from = row, to = 0; to < outputs; from += wide, to++) {
                turned[to] = sums[from];
            }
            kernel.put(turned, 0, outputs, 1, outputs, m, c, cStride, k > 0 ? c : bias, 0);
        }
    }

    private long panelAt(int panel) {
        return scratch + 4L * panel * wide * p.k();
    }
}
