package dev.aquarelle.gpu.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** A work item for each number of the result, which is a number of the operand, or the mean of four. */
public final class Moves {
    /** Numbers of the result, or of the part that is moved. */
    public static final int COUNT = 0;

    /** What x is, as {@link Operands} says. */
    public static final int X_TYPE = 1;
    /** Where x begins. */
    public static final int X_AT = 2;
    /** Where the result begins. */
    public static final int OUT_AT = 3;

    /** Blocks: numbers of one, and from one to the next, here and there. Rows: their width. Images: height and width of x. */
    public static final int A = 4;

    /** See {@link #A}. */
    public static final int B = 5;
    /** See {@link #A}. */
    public static final int C = 6;

    /** Images: height and width of the result. Rows: where the indices are among the values, and rows of x for each index. */
    public static final int D = 7;

    /** See {@link #D}. */
    public static final int E = 8;

    /** Rows: what type of operand the indices are. */
    public static final int F = 9;

    /** How many numbers describe it. */
    public static final int FIELDS = 10;

    private Moves() {}

    /** Blocks of {@link #A} numbers, {@link #B} apart in x from the number {@link #D} on, {@link #C} in the result: what concatenates and slices. */
    public static void blocks(KernelContext c, IntArray p, int at, IntArray w, FloatArray x) {
        int i = c.globalIdx;
        if (i < p.get(at + COUNT)) {
            int block = i / p.get(at + A);
            int rest = i - block * p.get(at + A);
            int place = p.get(at + D) + block * p.get(at + B) + rest;
            float number = Operands.get(x, w, p.get(at + X_TYPE), p.get(at + X_AT), place);
            x.set(p.get(at + OUT_AT) + block * p.get(at + C) + rest, number);
        }
    }

    /** The bits of values to words. */
    public static void download(KernelContext c, IntArray p, int at, IntArray w, FloatArray x) {
        int i = c.globalIdx;
        if (i < p.get(at + COUNT)) {
            float number = x.get(p.get(at + X_AT) + i);
            w.set(p.get(at + OUT_AT) + i, Float.floatToRawIntBits(number));
        }
    }

    /** Rows of {@link #A} numbers by indices, each among {@link #E} rows of its own, or among all if that is 0. */
    public static void rows(KernelContext c, IntArray p, int at, IntArray w, FloatArray x) {
        int i = c.globalIdx;
        if (i < p.get(at + COUNT)) {
            int width = p.get(at + A);
            int row = i / width;
            int index = (int) Operands.get(x, w, p.get(at + F), p.get(at + D), row) + row * p.get(at + E);
            int place = index * width + i - row * width;
            x.set(p.get(at + OUT_AT) + i, Operands.get(x, w, p.get(at + X_TYPE), p.get(at + X_AT), place));
        }
    }

    /** Nearest neighbours of an image {@code [N, A, B, C]}: {@code [N, D, E, C]}. */
    public static void upsampleNearest(KernelContext c, IntArray p, int at, IntArray w, FloatArray x) {
        int i = c.globalIdx;
        if (i < p.get(at + COUNT)) {
            int channels = p.get(at + C);
            int pixel = i / channels;
            int line = pixel / p.get(at + E);
            int sample = line / p.get(at + D);
            int column = pixel - line * p.get(at + E);
            int fromLine = (int) ((long) (line - sample * p.get(at + D)) * p.get(at + A) / p.get(at + D));
            int fromColumn = (int) ((long) column * p.get(at + B) / p.get(at + E));
            int from = (sample * p.get(at + A) + fromLine) * p.get(at + B) + fromColumn;
            int place = from * channels + i - pixel * channels;
            x.set(p.get(at + OUT_AT) + i, Operands.get(x, w, p.get(at + X_TYPE), p.get(at + X_AT), place));
        }
    }

    /** Means of two by two pixels of an image {@code [N, A, B, C]}: {@code [N, D, E, C]}. */
    public static void averagePool2(KernelContext c, IntArray p, int at, IntArray w, FloatArray x) {
        int i = c.globalIdx;
        if (i < p.get(at + COUNT)) {
            int channels = p.get(at + C);
            int pixel = i / channels;
            int line = pixel / p.get(at + E);
            int sample = line / p.get(at + D);
            int y = 2 * (line - sample * p.get(at + D));
            int column = 2 * (pixel - line * p.get(at + E));
            int place = ((sample * p.get(at + A) + y) * p.get(at + B) + column) * channels + i - pixel * channels;
            int below = place + p.get(at + B) * channels;
            int type = p.get(at + X_TYPE);
            int from = p.get(at + X_AT);
            float upper = Operands.get(x, w, type, from, place) + Operands.get(x, w, type, from, place + channels);
            float lower = Operands.get(x, w, type, from, below) + Operands.get(x, w, type, from, below + channels);
            x.set(p.get(at + OUT_AT) + i, (upper + lower) / 4);
        }
    }
}
