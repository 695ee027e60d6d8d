package dev.aquarelle.gpu.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Normalizations: a group of work items takes the numbers of one mean, sums them up in parts, and those in a tree. The variance is
 * summed in a second pass over differences from the mean, so that a large mean costs no digits.
 */
public final class Norms {
    /** Work items of a group. */
    public static final int ITEMS = 64;

    /** Numbers of a row, all channels of it. */
    public static final int CHANNELS = 0;

    /** Rows of a sample. */
    public static final int ROWS = 1;

    /** Channels of one mean. */
    public static final int GROUP_CHANNELS = 2;

    /** Where that is, among the weights of 32 bits, which is added to the variance. */
    public static final int EPSILON_AT = 3;

    /** What x is, as {@link Operands} says. */
    public static final int X_TYPE = 4;
    /** Where x begins. */
    public static final int X_AT = 5;
    /** What the weights of the channels are. */
    public static final int WEIGHT_TYPE = 6;
    /** Where they begin. */
    public static final int WEIGHT_AT = 7;
    /** What the biases of the channels are. */
    public static final int BIAS_TYPE = 8;
    /** Where they begin. */
    public static final int BIAS_AT = 9;
    /** Where the result begins. */
    public static final int OUT_AT = 10;

    /** 1 for SiLU of the result. */
    public static final int SILU = 11;

    /** How many numbers describe a normalization. */
    public static final int FIELDS = 12;

    private Norms() {}

    /**
     * To mean 0 and variance 1, times weight, plus bias, for a group of channels of all rows of a sample: a group norm, or a layer norm where a
     * sample is a row and all channels are a group. Groups of {@link #ITEMS}: the first axis goes over samples and groups of channels.
     */
    public static void norm(KernelContext c, IntArray p, FloatArray f, ShortArray h, FloatArray x) {
        float[] parts = c.allocateFloatLocalArray(ITEMS);
        int channels = p.get(CHANNELS);
        int width = p.get(GROUP_CHANNELS);
        int rows = p.get(ROWS);
        int type = p.get(X_TYPE);
        int from = p.get(X_AT);
        int groups = channels / width;
        int sample = c.groupIdx / groups;
        int firstChannel = (c.groupIdx - sample * groups) * width;
        int start = sample * rows * channels + firstChannel;
        int count = rows * width;
        int item = c.localIdx;
        float sum = 0;
        for (int i = item; i < count; i += ITEMS) {
            int row = i / width;
            sum += Operands.get(x, f, h, type, from, start + row * channels + i - row * width);
        }
        parts[item] = sum;
        c.localBarrier();
        for (int step = ITEMS / 2; step > 0; step = step / 2) {
            if (item < step) {
                parts[item] = parts[item] + parts[item + step];
            }
            c.localBarrier();
        }
        float mean = parts[0] / count;
        c.localBarrier();
        float squares = 0;
        for (int i = item; i < count; i += ITEMS) {
            int row = i / width;
            float difference = Operands.get(x, f, h, type, from, start + row * channels + i - row * width) - mean;
            squares += difference * difference;
        }
        parts[item] = squares;
        c.localBarrier();
        for (int step = ITEMS / 2; step > 0; step = step / 2) {
            if (item < step) {
                parts[item] = parts[item] + parts[item + step];
            }
            c.localBarrier();
        }
        float deviation = TornadoMath.sqrt(parts[0] / count + f.get(p.get(EPSILON_AT)));
        for (int i = item; i < count; i += ITEMS) {
            int row = i / width;
            int channel = firstChannel + i - row * width;
            int place = start + row * channels + i - row * width;
            float number = (Operands.get(x, f, h, type, from, place) - mean) / deviation;
            if (p.get(WEIGHT_TYPE) != Operands.NONE) {
                number = number * Operands.get(x, f, h, p.get(WEIGHT_TYPE), p.get(WEIGHT_AT), channel)
                        + Operands.get(x, f, h, p.get(BIAS_TYPE), p.get(BIAS_AT), channel);
            }
            if (p.get(SILU) != 0) {
                number = Functions.silu(number);
            }
            x.set(p.get(OUT_AT) + place, number);
        }
    }

    /** {@code exp(x - max) / sum} for each row of {@link #CHANNELS}. Groups of {@link #ITEMS}: the first axis goes over rows. */
    public static void softmax(KernelContext c, IntArray p, FloatArray f, ShortArray h, FloatArray x) {
        float[] parts = c.allocateFloatLocalArray(ITEMS);
        int channels = p.get(CHANNELS);
        int type = p.get(X_TYPE);
        int from = p.get(X_AT);
        int start = c.groupIdx * channels;
        int item = c.localIdx;
        float maximum = -3e38f; // infinities are not to be had in fast arithmetic
        for (int i = item; i < channels; i += ITEMS) {
            float number = Operands.get(x, f, h, type, from, start + i);
            maximum = number > maximum ? number : maximum;
        }
        parts[item] = maximum;
        c.localBarrier();
        for (int step = ITEMS / 2; step > 0; step = step / 2) {
            if (item < step) {
                parts[item] = parts[item + step] > parts[item] ? parts[item + step] : parts[item];
            }
            c.localBarrier();
        }
        maximum = parts[0];
        c.localBarrier();
        float sum = 0;
        for (int i = item; i < channels; i += ITEMS) {
            sum += TornadoMath.exp(Operands.get(x, f, h, type, from, start + i) - maximum);
        }
        parts[item] = sum;
        c.localBarrier();
        for (int step = ITEMS / 2; step > 0; step = step / 2) {
            if (item < step) {
                parts[item] = parts[item] + parts[item + step];
            }
            c.localBarrier();
        }
        for (int i = item; i < channels; i += ITEMS) {
            float number = TornadoMath.exp(Operands.get(x, f, h, type, from, start + i) - maximum);
            x.set(p.get(OUT_AT) + start + i, number / parts[0]);
        }
    }
}
