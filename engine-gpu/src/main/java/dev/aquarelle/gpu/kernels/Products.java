package dev.aquarelle.gpu.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * {@code C = A B + bias + added}: linear layers, matrix products and, with the rows of A gathered from an image, convolutions. Each sum is one
 * chain over k in order, so that a sample of a batch has the same bits as alone.
 */
public final class Products {
    /** Rows and columns of C that a group of work items computes, each item four by four. */
    public static final int TILE = 32;

    /** Work items of a group along either side. */
    public static final int SIDE = TILE / 4;

    /** Rows of C. */
    public static final int ROWS = 0;

    /** Columns of C, of one batch: a batch is a matrix of its own, or a group of a convolution. */
    public static final int COLUMNS = 1;

    /** Terms of a sum. */
    public static final int TERMS = 2;

    /** Where A is, as {@link Operands} says: [ROWS, TERMS], or an image [N, HEIGHT, WIDTH, CHANNELS]. */
    public static final int A_TYPE = 3;

    /** Where A begins. */
    public static final int A_AT = 4;

    /** From one batch of A to the next. */
    public static final int A_BATCH = 5;

    /** Where B is. */
    public static final int B_TYPE = 6;

    /** Where B begins. */
    public static final int B_AT = 7;
    /** From one batch of B to the next. */
    public static final int B_BATCH = 8;

    /** 1 if B is [COLUMNS, TERMS], as weights are, 0 if it is [TERMS, COLUMNS]. */
    public static final int B_TRANSPOSED = 9;

    /** Where the bias is: [batches * COLUMNS]. */
    public static final int BIAS_TYPE = 10;

    /** Where the bias begins. */
    public static final int BIAS_AT = 11;

    /** Where C is, among the values. */
    public static final int C_AT = 12;

    /** From one row of C to the next. */
    public static final int C_ROW = 13;

    /** From one batch of C to the next. */
    public static final int C_BATCH = 14;

    /** 1 if A is an image; then row (n, y, x) has the pixels under the kernel, term {@code tap * GROUP_CHANNELS + channel}. */
    public static final int IMAGE = 15;

    /** Of the image. */
    public static final int HEIGHT = 16;
    /** Of the image. */
    public static final int WIDTH = 17;
    /** Of the image. */
    public static final int CHANNELS = 18;
    /** Channels of a group, those that a sum goes over. */
    public static final int GROUP_CHANNELS = 19;
    /** Taps from one line of the kernel to the next. */
    public static final int KERNEL_WIDTH = 20;
    /** Pixels from one result to the next. */
    public static final int STRIDE = 21;
    /** Pixels from one tap to the next. */
    public static final int DILATION = 22;
    /** Lines of zeros above the image. */
    public static final int TOP = 23;
    /** Columns of zeros beside it. */
    public static final int LEFT = 24;
    /** Of the result. */
    public static final int OUT_HEIGHT = 25;
    /** Of the result. */
    public static final int OUT_WIDTH = 26;

    /** What is added to the result, with its rows and columns; often {@link Operands#NONE}. */
    public static final int ADDED_TYPE = 27;
    /** Where that is. */
    public static final int ADDED_AT = 28;

    /** How many batches there are. */
    public static final int BATCHES = 29;

    /** How many numbers describe a product. */
    public static final int FIELDS = 30;

    private static final int ITEMS = SIDE * SIDE;

    /** Terms whose numbers are in local memory at a time. */
    private static final int DEPTH = 16;

    private static final int STAGED = DEPTH * TILE;

    private Products() {}

    /** Groups of {@link #SIDE} by SIDE items: the first axis goes over columns, the second over rows, the third over batches. */
    public static void product(KernelContext c, IntArray p, FloatArray f, ShortArray h, FloatArray x) {
        float[] a = c.allocateFloatLocalArray(STAGED);
        float[] b = c.allocateFloatLocalArray(STAGED);
        float[] sums = c.allocateFloatLocalArray(TILE * TILE);
        int item = c.localIdy * SIDE + c.localIdx;
        int firstRow = c.groupIdy * TILE;
        int firstCol = c.groupIdx * TILE;
        int batch = c.groupIdz;
        int terms = p.get(TERMS);
        float s00 = 0;
        float s01 = 0;
        float s02 = 0;
        float s03 = 0;
        float s10 = 0;
        float s11 = 0;
        float s12 = 0;
        float s13 = 0;
        float s20 = 0;
        float s21 = 0;
        float s22 = 0;
        float s23 = 0;
        float s30 = 0;
        float s31 = 0;
        float s32 = 0;
        float s33 = 0;
        for (int k = 0; k < terms; k += DEPTH) {
            for (int i = item;
                    i < STAGED;
                    i += ITEMS) { // neighbouring items take neighbouring terms, which lie side by side
                int term = i % DEPTH;
                int line = i / DEPTH;
                a[term * TILE + line] = left(p, f, h, x, batch, firstRow + line, k + term);
                b[term * TILE + line] = right(p, f, h, x, batch, k + term, firstCol + line);
            }
            c.localBarrier();
            for (int term = 0; term < DEPTH; term++) {
                int row = term * TILE + 4 * c.localIdy;
                int col = term * TILE + 4 * c.localIdx;
                float a0 = a[row];
                float a1 = a[row + 1];
                float a2 = a[row + 2];
                float a3 = a[row + 3];
                float b0 = b[col];
                float b1 = b[col + 1];
                float b2 = b[col + 2];
                float b3 = b[col + 3];
                s00 += a0 * b0;
                s01 += a0 * b1;
                s02 += a0 * b2;
                s03 += a0 * b3;
                s10 += a1 * b0;
                s11 += a1 * b1;
                s12 += a1 * b2;
                s13 += a1 * b3;
                s20 += a2 * b0;
                s21 += a2 * b1;
                s22 += a2 * b2;
                s23 += a2 * b3;
                s30 += a3 * b0;
                s31 += a3 * b1;
                s32 += a3 * b2;
                s33 += a3 * b3;
            }
            c.localBarrier();
        }
        int corner = 4 * c.localIdy * TILE + 4 * c.localIdx;
        sums[corner] = s00;
        sums[corner + 1] = s01;
        sums[corner + 2] = s02;
        sums[corner + 3] = s03;
        sums[corner + TILE] = s10;
        sums[corner + TILE + 1] = s11;
        sums[corner + TILE + 2] = s12;
        sums[corner + TILE + 3] = s13;
        sums[corner + 2 * TILE] = s20;
        sums[corner + 2 * TILE + 1] = s21;
        sums[corner + 2 * TILE + 2] = s22;
        sums[corner + 2 * TILE + 3] = s23;
        sums[corner + 3 * TILE] = s30;
        sums[corner + 3 * TILE + 1] = s31;
        sums[corner + 3 * TILE + 2] = s32;
        sums[corner + 3 * TILE + 3] = s33;
        c.localBarrier();
        // by way of local memory, so that neighbouring items write neighbouring numbers
        for (int i = item; i < TILE * TILE; i += ITEMS) {
            put(p, f, h, x, batch, firstRow + i / TILE, firstCol + i % TILE, sums[i]);
        }
    }

    /** Adds bias and what else is added to a C that holds the sums alone. The first axis goes over the numbers of all batches. */
    public static void epilogue(KernelContext c, IntArray p, FloatArray f, ShortArray h, FloatArray x) {
        int i = c.globalIdx;
        int rows = p.get(ROWS);
        int columns = p.get(COLUMNS);
        if (i < p.get(BATCHES) * rows * columns) {
            int line = i / columns;
            int batch = line / rows;
            int row = line - batch * rows;
            int col = i - line * columns;
            int place = batch * p.get(C_BATCH) + row * p.get(C_ROW) + col;
            put(p, f, h, x, batch, row, col, x.get(p.get(C_AT) + place));
        }
    }

    /** A number of A, 0 outside of it. */
    private static float left(IntArray p, FloatArray f, ShortArray h, FloatArray x, int batch, int row, int term) {
        float number = 0;
        if (row < p.get(ROWS) && term < p.get(TERMS)) {
            int place = row * p.get(TERMS) + term;
            if (p.get(IMAGE) != 0) {
                place = pixel(p, row, term);
            }
            if (place >= 0) {
                int start = p.get(A_AT);
                number = Operands.get(x, f, h, p.get(A_TYPE), start, batch * p.get(A_BATCH) + place);
            }
        }
        return number;
    }

    /** Where in the image the number of a row and a term is; negative outside. */
    private static int pixel(IntArray p, int row, int term) {
        int tap = term / p.get(GROUP_CHANNELS);
        int channel = term - tap * p.get(GROUP_CHANNELS);
        int line = row / p.get(OUT_WIDTH);
        int sample = line / p.get(OUT_HEIGHT);
        int y = (line - sample * p.get(OUT_HEIGHT)) * p.get(STRIDE) - p.get(TOP);
        int x = (row - line * p.get(OUT_WIDTH)) * p.get(STRIDE) - p.get(LEFT);
        int tapLine = tap / p.get(KERNEL_WIDTH);
        y += tapLine * p.get(DILATION);
        x += (tap - tapLine * p.get(KERNEL_WIDTH)) * p.get(DILATION);
        int place = -1;
        if (y >= 0 && y < p.get(HEIGHT) && x >= 0 && x < p.get(WIDTH)) {
            place = ((sample * p.get(HEIGHT) + y) * p.get(WIDTH) + x) * p.get(CHANNELS) + channel;
        }
        return place;
    }

    /** A number of B, 0 outside of it. */
    private static float right(IntArray p, FloatArray f, ShortArray h, FloatArray x, int batch, int term, int col) {
        float number = 0;
        int terms = p.get(TERMS);
        int columns = p.get(COLUMNS);
        if (term < terms && col < columns) {
            int place = p.get(B_TRANSPOSED) != 0 ? col * terms + term : term * columns + col;
            number = Operands.get(x, f, h, p.get(B_TYPE), p.get(B_AT), batch * p.get(B_BATCH) + place);
        }
        return number;
    }

    /** A number of C, if it is inside. */
    private static void put(
            IntArray p, FloatArray f, ShortArray h, FloatArray x, int batch, int row, int col, float sum) {
        int columns = p.get(COLUMNS);
        if (row < p.get(ROWS) && col < columns) {
            float bias = Operands.get(x, f, h, p.get(BIAS_TYPE), p.get(BIAS_AT), batch * columns + col);
            int place = batch * p.get(C_BATCH) + row * p.get(C_ROW) + col;
            float added = Operands.get(x, f, h, p.get(ADDED_TYPE), p.get(ADDED_AT), place);
            x.set(p.get(C_AT) + place, sum + bias + added);
        }
    }
}
