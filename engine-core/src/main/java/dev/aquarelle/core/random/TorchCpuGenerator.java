package dev.aquarelle.core.random;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;

/**
 * The numbers of {@code torch.Generator("cpu").manual_seed(seed)}: MT19937, of which {@code randn} of at least 16 numbers takes 24 bits a
 * number and the Box-Muller transform in blocks of 16, and shorter ones 53 bits and the transform in double precision.
 *
 * <p>Uniform numbers and integers are PyTorch's bit for bit. Normal numbers agree within 2e-6: PyTorch's own last bits depend on its
 * build. Here they are the same on every machine.
 */
public final class TorchCpuGenerator implements Generator {
    private static final int BLOCK = 16;
    private static final float TWO_PI = (float) (2 * Math.PI);
    private static final long RANGE_OF_32_BITS = 1L << 28;

    private final MersenneTwister twister;
    private double cachedNormal;
    private boolean hasCachedNormal;

    /**
     * @param seed only its low 32 bits matter, as in PyTorch
     */
    public TorchCpuGenerator(long seed) {
        twister = new MersenneTwister((int) seed);
    }

    @Override
    public Tensor randn(int... dims) {
        float[] values = new float[length(dims)];
        if (values.length < BLOCK) {
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) nextNormal();
            }
        } else {
            fillUniform(values, 0);
            for (int i = 0; i + BLOCK <= values.length; i += BLOCK) {
                boxMuller(values, i);
            }
            if (values.length % BLOCK != 0) { // PyTorch draws the last whole block anew, over what is there
                fillUniform(values, values.length - BLOCK);
                boxMuller(values, values.length - BLOCK);
            }
        }
        return Tensor.of(values, dims);
    }

    /** {@code torch.rand}: uniform numbers of [0, 1) in steps of 2<sup>-24</sup>. */
    public Tensor rand(int... dims) {
        float[] values = new float[length(dims)];
        fillUniform(values, 0);
        return Tensor.of(values, dims);
    }

    /**
     * {@code torch.randint}: integers from {@code low} (inclusive) to {@code high} (exclusive).
     *
     * @throws TensorException if there is none between them
     */
    public long[] randint(long low, long high, int count) {
        long range = high - low;
        if (high <= low || range < 0) {
            throw new TensorException(
                    "randint: expected low below high and less than 2^63 apart, found %d and %d".formatted(low, high));
        }
        long[] values = new long[count];
        for (int i = 0; i < count; i++) {
            values[i] = low
                    + Long.remainderUnsigned(
                            range < RANGE_OF_32_BITS ? Integer.toUnsignedLong(twister.nextInt()) : twister.nextLong(),
                            range);
        }
        return values;
    }

    private void fillUniform(float[] values, int from) {
        for (int i = from; i < values.length; i++) {
            values[i] = (twister.nextInt() & 0xFF_FFFF) * 0x1p-24f;
        }
    }

    /** Sixteen uniform numbers to normal ones: the i-th of the first eight is the radius, of the last eight the angle, of a pair. */
    private static void boxMuller(float[] values, int from) {
        for (int i = from; i < from + BLOCK / 2; i++) {
            float radius = (float) Math.sqrt(-2 * (float) StrictMath.log(1 - values[i]));
            float theta = TWO_PI * values[i + BLOCK / 2];
            values[i] = radius * (float) StrictMath.cos(theta);
            values[i + BLOCK / 2] = radius * (float) StrictMath.sin(theta);
        }
    }

    private double nextNormal() {
        if (hasCachedNormal) {
            hasCachedNormal = false;
            return cachedNormal;
        }
        double angle = 2 * Math.PI * nextUniform53();
        double radius = Math.sqrt(-2 * StrictMath.log1p(-nextUniform53()));
        cachedNormal = radius * StrictMath.sin(angle);
        hasCachedNormal = true;
        return radius * StrictMath.cos(angle);
    }

    private double nextUniform53() {
        return (twister.nextLong() & (1L << 53) - 1) * 0x1p-53;
    }

    private static int length(int... dims) {
        long size = Shape.of(dims).size();
        if (size > Integer.MAX_VALUE - BLOCK) {
            throw new TensorException("expected less than 2^31 random numbers, found %d".formatted(size));
        }
        return (int) size;
    }
}
