package dev.aquarelle.core.random;

import dev.aquarelle.core.tensor.Tensor;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.LinkedHashMap;
import java.util.function.LongFunction;

/**
 * A path of Brownian motion that a seed determines: at every point the same, whatever was asked before. Its increments are those of torchsde's
 * {@code BrownianTree} (Li et al. 2020, "Scalable Gradients for Stochastic Differential Equations", arXiv:2001.01328, section 4): the path's
 * whole interval is halved again and again, down to a millionth, and each half's increment is drawn given that of the whole, with a seed of its
 * own. Sums and products are single precision, in torchsde's order. Not safe for use from several threads at once.
 */
public final class BrownianPath {
    private static final int DECIMALS = 6;

    /** Words of the pool in which the seeds of halves are mixed. */
    private static final int POOL = 24;

    /** Those on the ways to the last ends asked for, about 24 to each: the next interval has one of them again, and more save few draws. */
    private static final int HALVES_KEPT = 64;

    private final long seed;
    private final LongFunction<? extends Generator> generators;
    private final int[] dims;
    private final double start;
    private final double end;
    private final float[] whole;
    private final LinkedHashMap<Place, float[]> leftHalves = new LinkedHashMap<>(HALVES_KEPT, 0.75f, true);

    /** An interval of the tree: how often it was halved, and which of the equally deep ones it is. */
    private record Place(int depth, long index) {}

    /**
     * @param seed without a sign
     * @param generators what draws of a seed, of which only the first draw is used
     * @param start where the path begins, not above {@code end}
     * @param dims of an increment, row-major
     * @throws IllegalArgumentException if an end is not finite, or they are the wrong way round
     */
    public BrownianPath(
            long seed, LongFunction<? extends Generator> generators, double start, double end, int... dims) {
        if (!(start <= end && Double.isFinite(end - start))) {
            throw new IllegalArgumentException(
                    "path: expected a finite end not below its start, found %s to %s".formatted(start, end));
        }
        this.seed = seed;
        this.generators = generators;
        this.dims = dims.clone();
        this.start = rounded(start);
        this.end = rounded(end);
        this.whole = drawn(new SeedSequence(seed, POOL));
        scale(whole, (float) Math.sqrt(end - start));
    }

    /** Bytes that a path holds between two calls, for increments of so many numbers. */
    public static long bytes(long numbers) {
        return (HALVES_KEPT + 1L) * Float.BYTES * numbers;
    }

    /**
     * How far the path goes from one point to another: normal numbers whose variance is the distance of the points, independent of those between
     * points outside of them. Points before the start count as the start, and those behind the end as the end.
     */
    public Tensor increment(double from, double to) {
        double low = rounded(Math.clamp(Math.min(from, to), start, end));
        double high = rounded(Math.clamp(Math.max(from, to), start, end));
        float[] sum = new float[whole.length];
        if (low < high) {
            add(sum, new Place(0, 0), start, end, whole, low, high);
            if (from > to) {
                scale(sum, -1);
            }
        }
        return Tensor.of(sum, dims);
    }

    /** Adds the increment between two points of an interval, out of the largest intervals of the tree that lie between them, in their order. */
    private void add(float[] sum, Place place, double start, double end, float[] increment, double from, double to) {
        if (from == start && to == end) {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += increment[i];
            }
            return;
        }
        double middle = rounded(0.5 * (end + start));
        float[] left = left(place, start, middle, end, increment);
        if (from < middle) {
            Place half = new Place(place.depth + 1, 2 * place.index);
            add(sum, half, start, middle, left, from, Math.min(to, middle));
        }
        if (to > middle) {
            float[] right = new float[left.length];
            for (int i = 0; i < right.length; i++) {
                right[i] = increment[i] - left[i];
            }
            Place half = new Place(place.depth + 1, 2 * place.index + 1);
            add(sum, half, middle, end, right, Math.max(from, middle), to);
        }
    }

    /** The increment of an interval's left half, which is a Brownian bridge's: drawn around the part of the whole that falls to it. */
    private float[] left(Place place, double start, double middle, double end, float[] increment) {
        float[] kept = leftHalves.get(place);
        if (kept != null) {
            return kept;
        }
        double reciprocal = 1 / (end - start);
        float length = (float) (middle - start);
        float ofWhole = (float) reciprocal;
        float deviation = (float) Math.sqrt((middle - start) * (end - middle) * reciprocal);
        float[] left = drawn(new SeedSequence(seed, POOL, place.index, place.depth));
        for (int i = 0; i < left.length; i++) {
            left[i] = length * increment[i] * ofWhole + deviation * left[i];
        }
        leftHalves.put(place, left);
        if (leftHalves.size() > HALVES_KEPT) {
            leftHalves.pollFirstEntry(); // the one that was not used for longest
        }
        return left;
    }

    private float[] drawn(SeedSequence seeds) {
        return generators
                .apply(Integer.toUnsignedLong(seeds.state(1)[0]))
                .randn(dims)
                .toFloatArray();
    }

    private static void scale(float[] values, float factor) {
        for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
        }
    }

    /** To so many decimals of the exact binary value, halves to even, as Python rounds. */
    private static double rounded(double x) {
        return new BigDecimal(x).setScale(DECIMALS, RoundingMode.HALF_EVEN).doubleValue();
    }
}
