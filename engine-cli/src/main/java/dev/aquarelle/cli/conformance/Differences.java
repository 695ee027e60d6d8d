package dev.aquarelle.cli.conformance;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.util.Arrays;
import java.util.Optional;

/** How far two tensors of one shape are apart. */
final class Differences {
    private Differences() {}

    /** The failure that names the element farthest beyond its limit, or the root mean square if that alone is too large. */
    static Optional<Failure> compare(String what, Tensor actual, Tensor expected, Tolerance tolerance) {
        long size = expected.shape().size();
        double absMax = absMax(expected);
        double squares = 0;
        double worst = -1;
        long worstAt = 0;
        double largest = -1;
        long largestAt = 0;
        for (long i = 0; i < size; i++) {
            double g = expected.dtype().readDouble(expected.data(), i);
            double difference = difference(actual, expected, i);
            double excess = excess(difference, tolerance.limit(g, absMax));
            if (excess > worst) {
                worst = excess;
                worstAt = i;
            }
            if (difference > largest) {
                largest = difference;
                largestAt = i;
            }
            squares += difference * difference;
        }
        double rms = size == 0 ? 0 : Math.sqrt(squares / size);
        if (worst > 1) {
            double g = expected.dtype().readDouble(expected.data(), worstAt);
            return Optional.of(failure(what, actual, expected, worstAt, limit(tolerance.limit(g, absMax))));
        }
        if (rms > tolerance.rms()) {
            return Optional.of(failure(
                    what,
                    actual,
                    expected,
                    largestAt,
                    "kept, but rms of the difference %.3e, limit %.3e".formatted(rms, tolerance.rms())));
        }
        return Optional.empty();
    }

    /** The position of an element as in {@code [0, 3, 17, 5]}. */
    static String index(Shape shape, long element) {
        int[] index = new int[shape.rank()];
        long rest = element;
        for (int axis = shape.rank() - 1; axis >= 0; axis--) {
            index[axis] = (int) (rest % shape.dim(axis));
            rest /= shape.dim(axis);
        }
        return Arrays.toString(index);
    }

    /** A number as it is written in its type. */
    static String shown(Tensor tensor, long element) {
        if (!tensor.dtype().isFloatingPoint()) {
            long value = tensor.dtype().readLong(tensor.data(), element);
            return tensor.dtype() == DType.U64 ? Long.toUnsignedString(value) : Long.toString(value);
        }
        return tensor.dtype() == DType.F64
                ? Double.toString(tensor.dtype().readDouble(tensor.data(), element))
                : Float.toString(tensor.getFloat(element));
    }

    private static Failure failure(String what, Tensor actual, Tensor expected, long at, String limit) {
        return new Failure(what, index(expected.shape(), at), shown(expected, at), shown(actual, at), limit);
    }

    private static String limit(double limit) {
        return limit == 0 ? "equal" : "%.3e".formatted(limit);
    }

    private static double absMax(Tensor tensor) {
        double max = 0;
        for (long i = 0; i < tensor.shape().size(); i++) {
            double size = Math.abs(tensor.dtype().readDouble(tensor.data(), i));
            max = size > max && size < Double.POSITIVE_INFINITY ? size : max;
        }
        return max;
    }

    /** Zero for equal numbers, also infinite ones and NaN; infinite where only one of them is a number. */
    private static double difference(Tensor actual, Tensor expected, long i) {
        if (!actual.dtype().isFloatingPoint() && !expected.dtype().isFloatingPoint()) {
            long y = actual.dtype().readLong(actual.data(), i);
            long g = expected.dtype().readLong(expected.data(), i);
            return y == g ? 0 : Math.max(1, Math.abs((double) y - (double) g));
        }
        double y = actual.dtype().readDouble(actual.data(), i);
        double g = expected.dtype().readDouble(expected.data(), i);
        if (y == g || Double.isNaN(y) && Double.isNaN(g)) {
            return 0;
        }
        double difference = Math.abs(y - g);
        return Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference;
    }

    /** The difference as a multiple of the limit: above 1 it is too large. */
    private static double excess(double difference, double limit) {
        if (difference == 0) {
            return 0;
        }
        return limit == 0 || difference == Double.POSITIVE_INFINITY ? Double.POSITIVE_INFINITY : difference / limit;
    }
}
