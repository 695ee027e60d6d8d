package dev.aquarelle.weights;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;

/**
 * How two tensors of one shape differ.
 *
 * @param maxAbs largest difference of two elements; infinite if one of two is
 * @param worst the element where that is, counted in row-major order; -1 if all are equal or NaN
 * @param rms root of the mean squared difference
 * @param relative {@code rms} divided by the root mean square of the first tensor; infinite if that is 0
 * @param nans how many elements are NaN in one tensor only; they count in none of the other figures
 */
public record Difference(
        String name,
        Shape shape,
        DType first,
        DType second,
        double maxAbs,
        long worst,
        double rms,
        double relative,
        long nans) {

    /** What a run of elements adds to the figures. */
    private record Sums(double maxAbs, long worst, double squares, double squaresOfFirst, long nans) {
        static final Sums NONE = new Sums(0, -1, 0, 0, 0);

        Sums plus(Sums next) {
            boolean worse = next.maxAbs > maxAbs;
            return new Sums(
                    worse ? next.maxAbs : maxAbs,
                    worse ? next.worst : worst,
                    squares + next.squares,
                    squaresOfFirst + next.squaresOfFirst,
                    nans + next.nans);
        }

        double relative() {
            if (squares == 0 || squares == Double.POSITIVE_INFINITY) {
                return squares; // also where the first tensor has infinities
            }
            return Math.sqrt(squares / squaresOfFirst);
        }
    }

    static Difference of(String name, Tensor first, Tensor second) {
        boolean sameBytes = first.dtype() == second.dtype() && first.data().mismatch(second.data()) == -1;
        Sums sums = sameBytes ? Sums.NONE : sums(first, second);
        long size = first.shape().size();
        return new Difference(
                name,
                first.shape(),
                first.dtype(),
                second.dtype(),
                sums.maxAbs,
                sums.worst,
                size == 0 ? 0 : Math.sqrt(sums.squares / size),
                sums.relative(),
                sums.nans);
    }

    /** Whether all numbers are equal. */
    public boolean isNone() {
        return worst < 0 && nans == 0;
    }

    /** Blocks are summed up in their order, so that the figures do not depend on the threads. */
    private static Sums sums(Tensor first, Tensor second) {
        long size = first.shape().size();
        Sums[] blocks = new Sums[Math.toIntExact(Blocks.count(size))];
        Blocks.forEach(size, (from, to) -> blocks[(int) (from / Blocks.SIZE)] = sums(first, second, from, to));
        Sums total = Sums.NONE;
        for (Sums block : blocks) {
            total = total.plus(block);
        }
        return total;
    }

    private static Sums sums(Tensor first, Tensor second, long from, long to) {
        double maxAbs = 0;
        long worst = -1;
        double squares = 0;
        double squaresOfFirst = 0;
        long nans = 0;
        for (long i = from; i < to; i++) {
            double a = first.dtype().readDouble(first.data(), i);
            double b = second.dtype().readDouble(second.data(), i);
            if (Double.isNaN(a) || Double.isNaN(b)) {
                nans += Double.isNaN(a) == Double.isNaN(b) ? 0 : 1;
                continue;
            }
            double difference = a == b ? 0 : Math.abs(a - b); // equal infinities differ by nothing
            if (difference > maxAbs) {
                maxAbs = difference;
                worst = i;
            }
            squares += difference * difference;
            squaresOfFirst += a * a;
        }
        return new Sums(maxAbs, worst, squares, squaresOfFirst, nans);
    }
}
