package dev.aquarelle.ops.graph;

import static dev.aquarelle.ops.graph.ShapeRules.require;
import static dev.aquarelle.ops.graph.ShapeRules.requireSuffix;

import dev.aquarelle.core.tensor.Shape;
import java.util.Locale;

/** Element by element: a number of the result comes from one number of each operand, or two for {@link GeGlu}. */
public sealed interface MapOp extends Op {

    /** {@link Activation} of each element. */
    record Activate(Activation function) implements MapOp {
        @Override
        public Shape resultShape(Shape... in) {
            return in[0];
        }

        @Override
        public String label() {
            return function.name().toLowerCase(Locale.ROOT);
        }

        @Override
        public long flops(Shape result, Shape... in) {
            return 10 * result.size();
        }
    }

    /** Gated GELU (arXiv:2002.05202): of x [..., 2 D], the first half times the exact GELU of the second; [..., D]. */
    record GeGlu() implements MapOp {
        @Override
        public Shape resultShape(Shape... in) {
            require(in[0].rank() > 0 && in[0].last() % 2 == 0, "geGlu: x is %s, expected [..., 2 D]", in[0]);
            return in[0].withLast(in[0].last() / 2);
        }

        @Override
        public long flops(Shape result, Shape... in) {
            return 12 * result.size();
        }
    }

    /** {@code a + b}; the axes of b are all of a's or its innermost ones, and b repeats over the others. */
    record Add() implements MapOp {
        @Override
        public Shape resultShape(Shape... in) {
            requireSuffix("add", in[0], in[1]);
            return in[0];
        }
    }

    /** {@code a * b} element by element, b repeating as in {@link Add}. */
    record Multiply() implements MapOp {
        @Override
        public Shape resultShape(Shape... in) {
            requireSuffix("multiply", in[0], in[1]);
            return in[0];
        }
    }

    /** x [N, ..., C] plus one vector a sample [N, C], at every position: the time embedding in a residual block. */
    record AddPerChannel() implements MapOp {
        @Override
        public Shape resultShape(Shape... in) {
            Shape x = in[0];
            require(
                    x.rank() >= 2 && in[1].equals(Shape.of(x.dim(0), x.last())),
                    "addPerChannel: x is %s, so the vectors must be [N, C], found %s",
                    x,
                    in[1]);
            return x;
        }
    }

    /** {@code x * factor + offset} for each element, rounded once. */
    record Scale(float factor, float offset) implements MapOp {
        @Override
        public Shape resultShape(Shape... in) {
            return in[0];
        }
    }

    /**
     * Sinusoids of each timestep (arXiv:2006.11239, as diffusers' {@code get_timestep_embedding}): timesteps [N] give [N, dim].
     * With {@code half = dim / 2} and {@code w_i = exp(-ln(maxPeriod) * i / (half - freqShift))}: the sines of {@code t w_i}, then
     * the cosines; an odd dim ends with 0.
     *
     * @param flipSinToCos cosines first, as in Stable Diffusion
     * @param freqShift 0 in Stable Diffusion
     */
    record TimestepEmbedding(int dim, boolean flipSinToCos, float freqShift, float maxPeriod) implements MapOp {
        @Override
        public Shape resultShape(Shape... in) {
            require(in[0].rank() == 1, "timestepEmbedding: timesteps are %s, expected [N]", in[0]);
            int half = dim / 2;
            require(
                    dim > 0 && freqShift != half,
                    "timestepEmbedding: no frequencies for dim %d and shift %s",
                    dim,
                    freqShift);
            return Shape.of(in[0].dim(0), dim);
        }
    }

    @Override
    default boolean takes(int operands) {
        return switch (this) {
            case Activate _, GeGlu _, Scale _, TimestepEmbedding _ -> operands == 1;
            case Add _, Multiply _, AddPerChannel _ -> operands == 2;
        };
    }
}
