package dev.aquarelle.ops.testing;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.util.Arrays;
import org.assertj.core.api.AbstractAssert;

/** Assertions on tensors; a failure says where it is worst and what both values are. Name the operation by {@link #as}. */
public final class TensorAssert extends AbstractAssert<TensorAssert, Tensor> {
    private TensorAssert(Tensor actual) {
        super(actual, TensorAssert.class);
    }

    public static TensorAssert assertThatTensor(Tensor actual) {
        return new TensorAssert(actual);
    }

    public TensorAssert hasShape(int... dims) {
        isNotNull();
        if (!actual.shape().equals(Shape.of(dims))) {
            failWithMessage("expected shape %s, found %s", Shape.of(dims), actual.shape());
        }
        return this;
    }

    /** Same type and shape, and every element within the tolerance; NaN and infinities are equal to themselves only. */
    public TensorAssert isCloseTo(Tensor expected, Tolerance tolerance) {
        hasTypeAndShapeOf(expected);
        float[] found = actual.toFloatArray();
        float[] wanted = expected.toFloatArray();
        double ofRms = tolerance.ofRms() == 0 ? 0 : tolerance.ofRms() * rms(wanted);
        int worst = -1;
        double worstRatio = 0;
        int outside = 0;
        for (int i = 0; i < found.length; i++) {
            if (Float.compare(found[i], wanted[i]) == 0 || found[i] == wanted[i]) {
                continue;
            }
            double limit = tolerance.absolute() + tolerance.relative() * Math.abs(wanted[i]) + ofRms;
            double error = Math.abs((double) found[i] - wanted[i]);
            double ratio =
                    Float.isFinite(found[i]) && Float.isFinite(wanted[i]) ? error / limit : Double.POSITIVE_INFINITY;
            outside += ratio > 1 ? 1 : 0;
            if (ratio > worstRatio) {
                worst = i;
                worstRatio = ratio;
            }
        }
        if (outside > 0) {
            failWithMessage(
                    "%d of %d elements of %s are too far off, the worst at %s: expected %s, found %s, %.3g times the"
                            + " limit",
                    outside, found.length, actual, index(worst), wanted[worst], found[worst], worstRatio);
        }
        return this;
    }

    /** Same type, shape and bits; only NaN may be another NaN. */
    public TensorAssert hasSameBitsAs(Tensor expected) {
        hasTypeAndShapeOf(expected);
        float[] found = actual.toFloatArray();
        float[] wanted = expected.toFloatArray();
        for (int i = 0; i < found.length; i++) {
            if (Float.floatToIntBits(found[i]) != Float.floatToIntBits(wanted[i])) {
                failWithMessage(
                        "%s differs first at %s: expected %s (%s), found %s (%s)",
                        actual,
                        index(i),
                        wanted[i],
                        Float.toHexString(wanted[i]),
                        found[i],
                        Float.toHexString(found[i]));
            }
        }
        return this;
    }

    private void hasTypeAndShapeOf(Tensor expected) {
        isNotNull();
        if (actual.dtype() != expected.dtype() || !actual.shape().equals(expected.shape())) {
            failWithMessage("expected %s, found %s", expected, actual);
        }
    }

    private String index(long element) {
        int[] dims = actual.shape().dims();
        int[] index = new int[dims.length];
        long rest = element;
        for (int axis = dims.length - 1; axis >= 0; axis--) {
            index[axis] = (int) (rest % dims[axis]);
            rest /= dims[axis];
        }
        return Arrays.toString(index);
    }

    private static double rms(float[] values) {
        double squares = 0;
        int count = 0;
        for (float value : values) {
            if (Float.isFinite(value)) {
                squares += (double) value * value;
                count++;
            }
        }
        return count == 0 ? 0 : Math.sqrt(squares / count);
    }
}
