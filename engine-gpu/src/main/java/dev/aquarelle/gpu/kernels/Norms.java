package dev.aquarelle.gpu.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Normalizations: a group of work items takes the numbers of one mean, or a chunk of them where they are many, sums them up in parts, and
 * those in a tree. The variance is summed in a second pass over differences from the mean, so that a large mean costs no digits.
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

    /** Numbers of a chunk; the last one of a mean may have fewer. */
    public static final int CHUNK = 12;

    /** Chunks of a mean. */
    public static final int CHUNKS = 13;

    /** Where the parts are, among the values: mean of a chunk and sum of the squares of the differences from it, for each chunk of each mean. */
    public static final int PARTS_AT = 14;

    /** How many numbers describe a normalization. */
    public static final int FIELDS = 15;

    /** Fewer numbers in a chunk are not worth a launch of their own. */
    private static final int LEAST_CHUNK = 4096;

    /** Each work item of a chunk goes over the parts of all. */
    private static final int MOST_CHUNKS = 64;

    private Norms() {}

    /** Into how many chunks the numbers of a mean are cut, by how many they are alone, so that sums have one order on all devices. */
    public static int chunks(int numbers) {
        return Math.clamp(numbers / LEAST_CHUNK, 1, MOST_CHUNKS);
    }

    /**
     * To mean 0 and variance 1, times weight, plus bias, for a group of channels of all rows of a sample: a group norm, or a layer norm where a
     * sample is a row and all channels are a group. Groups of {@link #ITEMS}: the first axis goes over samples and groups of channels.
     */
    public static void norm(KernelContext c, IntArray p, FloatArray f, ShortArray h, FloatArray x) {
        int count = p.get(ROWS) * p.get(GROUP_CHANNELS);
        int mine = c.groupIdx;
        float mean = total(c, sum(p, f, h, x, mine, c.localIdx, count)) / count;
        float squares = total(c, squares(p, f, h, x, mine, c.localIdx, count, mean));
        float deviation = TornadoMath.sqrt(squares / count + f.get(p.get(EPSILON_AT)));
        for (int i = c.localIdx; i < count; i += ITEMS) {
            int place = place(p, mine, i);
            float number = Operands.get(x, f, h, p.get(X_TYPE), p.get(X_AT), place);
            write(p, f, h, x, place, (number - mean) / deviation);
        }
    }

    /** The parts of {@link #normChunks}. Groups of {@link #ITEMS}: the first axis goes over chunks, the second is the first of {@link #norm}. */
    public static void normParts(KernelContext c, IntArray p, FloatArray f, ShortArray h, FloatArray x) {
        int mine = c.groupIdy;
        int first = c.groupIdx * p.get(CHUNK);
        int numbers = chunk(p, c.groupIdx);
        int end = first + numbers;
        float mean = total(c, sum(p, f, h, x, mine, first + c.localIdx, end)) / numbers;
        float squares = total(c, squares(p, f, h, x, mine, first + c.localIdx, end, mean));
        if (c.localIdx == 0) {
            int part = p.get(PARTS_AT) + 2 * (mine * p.get(CHUNKS) + c.groupIdx);
            x.set(part, mean);
            x.set(part + 1, squares);
        }
    }

    /**
     * What {@link #norm} does, by the parts of all chunks (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing
     * sample variances", 1979), which each work item adds up in order. Axes as {@link #normParts}.
     */
    public static void normChunks(KernelContext c, IntArray p, FloatArray f, ShortArray h, FloatArray x) {
        int mine = c.groupIdy;
        int count = p.get(ROWS) * p.get(GROUP_CHANNELS);
        int part = p.get(PARTS_AT) + 2 * mine * p.get(CHUNKS);
        float mean = 0;
        for (int i = 0; i < p.get(CHUNKS); i++) {
            mean += x.get(part + 2 * i) * chunk(p, i);
        }
        mean = mean / count;
        float squares = 0;
        for (int i = 0; i < p.get(CHUNKS); i++) {
            float difference = x.get(part + 2 * i) - mean;
            squares += x.get(part + 2 * i + 1) + difference * difference * chunk(p, i);
        }
        float deviation = TornadoMath.sqrt(squares / count + f.get(p.get(EPSILON_AT)));
        int first = c.groupIdx * p.get(CHUNK);
        int end = first + chunk(p, c.groupIdx);
        for (int i = first + c.localIdx; i < end; i += ITEMS) {
            int place = place(p, mine, i);
            float number = Operands.get(x, f, h, p.get(X_TYPE), p.get(X_AT), place);
            write(p, f, h, x, place, (number - mean) / deviation);
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
        float sum = 0;
        for (int i = item; i < channels; i += ITEMS) {
            sum += TornadoMath.exp(Operands.get(x, f, h, type, from, start + i) - maximum);
        }
        sum = total(c, sum);
        for (int i = item; i < channels; i += ITEMS) {
            float number = TornadoMath.exp(Operands.get(x, f, h, type, from, start + i) - maximum);
            x.set(p.get(OUT_AT) + start + i, number / sum);
        }
    }

    /** Numbers of a chunk. */
    private static int chunk(IntArray p, int index) {
        int rest = p.get(ROWS) * p.get(GROUP_CHANNELS) - index * p.get(CHUNK);
        return rest < p.get(CHUNK) ? rest : p.get(CHUNK);
    }

    /** Where number i of a mean is, from the beginning of x on. */
    private static int place(IntArray p, int mine, int i) {
        int width = p.get(GROUP_CHANNELS);
        int groups = p.get(CHANNELS) / width;
        int sample = mine / groups;
        int row = i / width;
        return (sample * p.get(ROWS) + row) * p.get(CHANNELS) + (mine - sample * groups) * width + i - row * width;
    }

    /** The part of a work item that has the numbers from i on, every {@link #ITEMS}th. */
    private static float sum(IntArray p, FloatArray f, ShortArray h, FloatArray x, int mine, int from, int end) {
        float sum = 0;
        for (int i = from; i < end; i += ITEMS) {
            sum += Operands.get(x, f, h, p.get(X_TYPE), p.get(X_AT), place(p, mine, i));
        }
        return sum;
    }

    private static float squares(
            IntArray p, FloatArray f, ShortArray h, FloatArray x, int mine, int from, int end, float mean) {
        float squares = 0;
        for (int i = from; i < end; i += ITEMS) {
            float difference = Operands.get(x, f, h, p.get(X_TYPE), p.get(X_AT), place(p, mine, i)) - mean;
            squares += difference * difference;
        }
        return squares;
    }

    /** Puts a number that has been normalized to its place. TornadoVM inlines no larger methods. */
    private static void write(IntArray p, FloatArray f, ShortArray h, FloatArray x, int place, float number) {
        int channel = place % p.get(CHANNELS);
        if (p.get(WEIGHT_TYPE) != Operands.NONE) {
            number = number * Operands.get(x, f, h, p.get(WEIGHT_TYPE), p.get(WEIGHT_AT), channel)
                    + Operands.get(x, f, h, p.get(BIAS_TYPE), p.get(BIAS_AT), channel);
        }
        if (p.get(SILU) != 0) {
            number = Functions.silu(number);
        }
        x.set(p.get(OUT_AT) + place, number);
    }

    /** The sum of the parts of all work items, in a tree. It has local memory of its own: TornadoVM takes an argument for an array of the heap. */
    private static float total(KernelContext c, float part) {
        float[] parts = c.allocateFloatLocalArray(ITEMS);
        int item = c.localIdx;
        parts[item] = part;
        c.localBarrier();
        for (int step = ITEMS / 2; step > 0; step = step / 2) {
            if (item < step) {
                parts[item] = parts[item] + parts[item + step];
            }
            c.localBarrier();
        }
        return parts[0];
    }
}
