package dev.aquarelle.gpu.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Attention without a matrix of scores (FlashAttention, arXiv:2205.14135): some queries at a time go over the keys in blocks, with the
 * maximum and the sum so far (arXiv:1805.02867).
 */
public final class Attention {
    /** Work items of a group, and keys of a block: an item has a key, then some columns of the values. */
    public static final int ITEMS = 64;

    /** Queries of a group: each key and value that is read serves all of them. */
    public static final int QUERIES = 4;

    /** The widest head. */
    public static final int WIDEST = 512;

    /** Heads; the third axis of the groups goes over samples and heads. */
    public static final int HEADS = 0;

    /** Queries of a sample. */
    public static final int QUERY_COUNT = 1;
    /** Keys of a sample. */
    public static final int KEY_COUNT = 2;

    /** Width of a head's queries and keys. */
    public static final int QUERY_WIDTH = 3;

    /** Width of its values. */
    public static final int VALUE_WIDTH = 4;

    /** 1 if query i sees the keys 0 to i alone. */
    public static final int CAUSAL = 5;

    /** Where the factor of all scores is, among the weights of 32 bits. */
    public static final int SCALE_AT = 6;

    /** Where queries, keys and values are, as {@link Operands} says. */
    public static final int Q_TYPE = 7;

    /** Where the queries begin. */
    public static final int Q_AT = 8;
    /** What the keys are. */
    public static final int K_TYPE = 9;
    /** Where the keys begin. */
    public static final int K_AT = 10;
    /** What the values of the keys are. */
    public static final int V_TYPE = 11;
    /** Where they begin. */
    public static final int V_AT = 12;
    /** Where the result begins. */
    public static final int OUT_AT = 13;

    /** How many numbers describe an attention. */
    public static final int FIELDS = 14;

    private static final int STAGED = QUERIES * WIDEST;
    private static final int SCORES = QUERIES * ITEMS;
    private static final int COLUMNS = WIDEST / ITEMS;
    private static final int GATHERED = QUERIES * COLUMNS;

    /** A score that counts for nothing; infinities are not to be had in fast arithmetic. */
    private static final float LEAST = -3e38f;

    private Attention() {}

    /** Groups of {@link #ITEMS}: the first axis goes over blocks of queries, the second over samples and heads. */
    public static void attention(KernelContext c, IntArray p, FloatArray f, ShortArray h, FloatArray x) {
        float[] staged = c.allocateFloatLocalArray(STAGED);
        float[] scores = c.allocateFloatLocalArray(SCORES);
        float[] weights = c.allocateFloatLocalArray(SCORES);
        float[] gathered = new float[GATHERED];
        float[] maxima = new float[QUERIES];
        float[] totals = new float[QUERIES];
        int heads = p.get(HEADS);
        int queries = p.get(QUERY_COUNT);
        int keys = p.get(KEY_COUNT);
        int queryWidth = p.get(QUERY_WIDTH);
        int valueWidth = p.get(VALUE_WIDTH);
        float scale = f.get(p.get(SCALE_AT));
        int keyType = p.get(K_TYPE);
        int keysAt = p.get(K_AT);
        int valueType = p.get(V_TYPE);
        int valuesAt = p.get(V_AT);
        int item = c.localIdx;
        int first = c.groupIdx * QUERIES;
        int sample = c.groupIdy / heads;
        int head = c.groupIdy - sample * heads;
        int keyRow = heads * queryWidth;
        int valueRow = heads * valueWidth;
        for (int i = 0; i < QUERIES; i++) {
            maxima[i] = LEAST;
            totals[i] = 0;
        }
        for (int i = 0; i < GATHERED; i++) {
            gathered[i] = 0;
        }
        for (int i = item; i < QUERIES * queryWidth; i += ITEMS) {
            int query = first + i / queryWidth;
            int d = i - i / queryWidth * queryWidth;
            float number = 0;
            if (query < queries) {
                int place = (sample * queries + query) * keyRow + head * queryWidth + d;
                number = Operands.get(x, f, h, p.get(Q_TYPE), p.get(Q_AT), place);
            }
            staged[i] = number;
        }
        c.localBarrier();
        for (int block = 0; block < keys; block += ITEMS) {
            int key = block + item;
            int keyAt = (sample * keys + key) * keyRow + head * queryWidth;
            for (int i = 0; i < QUERIES; i++) {
                float score = LEAST;
                // one comparison: TornadoVM compiles a condition of three wrongly
                int seen = keys;
                if (p.get(CAUSAL) != 0) {
                    seen = first + i + 1 < keys ? first + i + 1 : keys;
                }
                if (key < seen) {
                    float sum = 0;
                    for (int d = 0; d < queryWidth; d++) {
                        sum += staged[i * queryWidth + d] * Operands.get(x, f, h, keyType, keysAt, keyAt + d);
                    }
                    score = sum * scale;
                }
                scores[i * ITEMS + item] = score;
            }
            c.localBarrier();
            int some = keys - block < ITEMS ? keys - block : ITEMS;
            for (int i = 0; i < QUERIES; i++) {
                float maximum = maxima[i];
                for (int j = 0; j < some; j++) {
                    maximum = scores[i * ITEMS + j] > maximum ? scores[i * ITEMS + j] : maximum;
                }
                float factor = TornadoMath.exp(maxima[i] - maximum);
                maxima[i] = maximum;
                totals[i] = totals[i] * factor;
                for (int e = 0; e < COLUMNS; e++) {
                    gathered[i * COLUMNS + e] = gathered[i * COLUMNS + e] * factor;
                }
                weights[i * ITEMS + item] = TornadoMath.exp(scores[i * ITEMS + item] - maximum);
            }
            c.localBarrier(); // the next block's scores are written after it, its weights after the next one
            for (int i = 0; i < QUERIES; i++) {
                for (int j = 0; j < some; j++) {
                    float weight = weights[i * ITEMS + j];
                    totals[i] = totals[i] + weight;
                    int valueAt = (sample * keys + block + j) * valueRow + head * valueWidth;
                    for (int e = 0; e < COLUMNS; e++) {
                        int column = e * ITEMS + item;
                        if (column < valueWidth) {
                            float value = Operands.get(x, f, h, valueType, valuesAt, valueAt + column);
                            gathered[i * COLUMNS + e] = gathered[i * COLUMNS + e] + weight * value;
                        }
                    }
                }
            }
        }
        for (int i = 0; i < QUERIES; i++) {
            int outAt = p.get(OUT_AT) + (sample * queries + first + i) * valueRow + head * valueWidth;
            for (int e = 0; e < COLUMNS; e++) {
                int column = e * ITEMS + item;
                if (first + i < queries && column < valueWidth) {
                    x.set(outAt + column, gathered[i * COLUMNS + e] / totals[i]);
                }
            }
        }
    }
}
