package dev.aquarelle.ops.graph;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.TensorException;
import java.util.Arrays;

/** The checks that several operations share; a message names the operation, what was expected and what was found. */
final class ShapeRules {
    private ShapeRules() {}

    static void requireTerms(String who, Shape operand, int terms) {
        require(terms > 0, "%s: %s leaves nothing to sum over", who, operand);
    }

    static void requireBias(String who, Shape[] in, int channels) {
        require(
                in.length < 3 || in[2].equals(Shape.of(channels)),
                "%s: bias expected [%d], found %s",
                who,
                channels,
                in.length < 3 ? "none" : in[2]);
    }

    static void requirePerChannel(String who, Shape[] in, int channels) {
        Shape expected = Shape.of(channels);
        require(
                in.length == 3 && in[1].equals(expected) && in[2].equals(expected),
                "%s: weight and bias expected %s each, found %s",
                who,
                expected,
                Arrays.asList(in).subList(1, in.length));
    }

    static void requireSuffix(String who, Shape a, Shape b) {
        boolean fits = b.rank() <= a.rank();
        for (int i = 1; fits && i <= b.rank(); i++) {
            fits = a.dim(-i) == b.dim(-i);
        }
        require(fits, "%s: the axes of %s are not the innermost axes of %s", who, b, a);
    }

    static void require(boolean condition, String message, Object... arguments) {
        if (!condition) {
            throw new TensorException(message.formatted(arguments));
        }
    }
}
