package dev.aquarelle.core.random;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;

/**
 * The noise of CUDA's generator as other front ends reproduce it without one ("NV" noise): Philox4x32-10 of Salmon et al., "Parallel
 * random numbers: as easy as 1, 2, 3" (SC 2011), keyed by the seed. Element i of call n is made from the words of counter
 * {@code (n, 0, i, 0)}, so every element is independent of the tensor's size.
 */
public final class PhiloxGenerator implements Generator {
    private static final int ROUNDS = 10;
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final float TWO_PI = (float) (2 * Math.PI);

    private final int seedLow;
    private final int seedHigh;
    private int call;

    /**
     * @param seed all 64 bits matter
     */
    public PhiloxGenerator(long seed) {
        seedLow = (int) seed;
        seedHigh = (int) (seed >>> 32);
    }

    @Override
    public Tensor randn(int... dims) {
        long size = Shape.of(dims).size();
        if (size > Integer.MAX_VALUE - 8) {
            throw new TensorException("expected less than 2^31 random numbers, found %d".formatted(size));
        }
        float[] values = new float[(int) size];
        for (int i = 0; i < values.length; i++) {
            values[i] = normal(call, i);
        }
        call++;
        return Tensor.of(values, dims);
    }

    private float normal(int call, int element) {
        int c0 = call;
        int c1 = 0;
        int c2 = element;
        int c3 = 0;
        int k0 = seedLow;
        int k1 = seedHigh;
        for (int round = 0; round < ROUNDS; round++) {
            long p0 = (c0 & 0xFFFF_FFFFL) * MULTIPLIER_0;
            long p1 = (c2 & 0xFFFF_FFFFL) * MULTIPLIER_1;
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c1 = (int) p1;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c3 = (int) p0;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        double u = unit(c0);
        double v = unit(c1) * TWO_PI;
        return (float) (Math.sqrt(-2 * StrictMath.log(u)) * StrictMath.sin(v));
    }

    /** A word as the middle of its 2<sup>-32</sup> of the unit interval. */
    private static double unit(int word) {
        return (word & 0xFFFF_FFFFL) * 0x1p-32 + 0x1p-33;
    }
}
