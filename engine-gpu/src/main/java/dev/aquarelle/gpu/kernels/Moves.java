package dev.aquarelle.gpu.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

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
    public static void blocks(KernelContext c, IntArray p, FloatArray f, ShortArray h, FloatArray x) {
        int i = c.globalIdx;
        if (i < p.get(COUNT)) {
            int block = i / p.get(A);
            int rest = i - block * p.get(A);
            int place = p.get(D) + block * p.get(B) + rest;
            float number = Operands.get(x, f, h, p.get(X_TYPE), p.get(X_AT), place);
            x.set(p.get(OUT_AT) + block * p.get(C) + rest, number);
        }
    }

    /** The bits of values to words. */
    public static void download(KernelContext c, IntArray p, FloatArray f, ShortArray h, FloatArray x) {
        int i = c.globalIdx;
        if (i < p.get(COUNT)) {
            float number = x.get(p.get(X_AT) + i);
            f.set(p.get(OUT_AT) + i, number);
        }
    }

    /** Rows of {@link #A} numbers by indices, each among {@link #E} rows of its own, or among all if that is 0. */
    public static void rows(KernelContext c, IntArray p, FloatArray f, ShortArray h, FloatArray x) {
        int i = c.globalIdx;
        if (i < p.get(COUNT)) {
            int width = p.get(A);
            int row = i / width;
            int index = (int) Operands.get(x, f, h, p.get(F), p.get(D), row) + row * p.get(E);
            int place = index * width + i - row * width;
            x.set(p.get(OUT_AT) + i, Operands.get(x, f, h, p.get(X_TYPE), p.get(X_AT), place));
        }
    }

    /** Nearest neighbours of an image {@code [N, A, B, C]}: {@code [N, D, E, C]}. */
    public static void upsampleNearest(KernelContext c, IntArray p, FloatArray f, ShortArray h, FloatArray x) {
        int i = c.globalIdx;
        if (i < p.get(COUNT)) {
            int channels = p.get(C);
            int pixel = i / channels;
            int line = pixel / p.get(E);
            int sample = line / p.get(D);
            int column = pixel - line * p.get(E);
            int fromLine = (int) ((long) (line - sample * p.get(D)) * p.get(A) / p.get(D));
            int fromColumn = (int) ((long) column * p.get(B) / p.get(E));
            int from = (sample * p.get(A) + fromLine) * p.get(B) + fromColumn;
            int place = from * channels + i - pixel * channels;
            x.set(p.get(OUT_AT) + i, Operands.get(x, f, h, p.get(X_TYPE), p.get(X_AT), place));
        }
    }

    /** Means of two by two pixels of an image {@code [N, A, B, C]}: {@code [N, D, E, C]}. */
    public static void averagePool2(KernelContext c, IntArray p, FloatArray f, ShortArray h, FloatArray x) {
        int i = c.globalIdx;
        if (i < p.get(COUNT)) {
            int channels = p.get(C);
            int pixel = i / channels;
            int line = pixel / p.get(E);
            int sample = line / p.get(D);
            int y = 2 * (line - sample * p.get(D));
            int column = 2 * (pixel - line * p.get(E));
            int place = ((sample * p.get(A) + y) * p.get(B) + column) * channels + i - pixel * channels;
            int below = place + p.get(B) * channels;
            int type = p.get(X_TYPE);
            int from = p.get(X_AT);
            float upper =
                    Operands.get(x, f, h, type, from, place) + Operands.get(x, f, h, type, from, place + channels);
            float lower =
                    Operands.get(x, f, h, type, from, below) + Operands.get(x, f, h, type, from, below + channels);
            x.set(p.get(OUT_AT) + i, (upper + lower) / 4);
        }
    }
}
