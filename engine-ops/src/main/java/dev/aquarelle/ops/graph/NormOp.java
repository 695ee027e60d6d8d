package dev.aquarelle.ops.graph;

import static dev.aquarelle.ops.graph.ShapeRules.require;
import static dev.aquarelle.ops.graph.ShapeRules.requirePerChannel;

import dev.aquarelle.core.tensor.Shape;

/** What takes a statistic of many numbers, then changes each by it. */
public sealed interface NormOp extends Op {

    /**
     * Group normalization (arXiv:1803.08494): each group of channels of a sample to mean 0 and (biased) variance 1, then
     * {@code * weight + bias} per channel.
     * <pre>
     * x             [N, ..., C]   C a multiple of groups
     * weight, bias  [C]
     * result        as x
     * </pre>
     *
     * @param epsilon added to the variance; 1e-5 in the U-Net, 1e-6 in the VAE
     */
    record GroupNorm(int groups, float epsilon) implements NormOp {
        @Override
        public Shape resultShape(Shape... in) {
            Shape x = in[0];
            require(x.rank() >= 2, "groupNorm: x is %s, expected [N, ..., C]", x);
            require(
                    groups > 0 && x.last() % groups == 0,
                    "groupNorm: %d channels do not divide into %d groups (x is %s)",
                    x.last(),
                    groups,
                    x);
            requirePerChannel("groupNorm", in, x.last());
            return x;
        }

        @Override
        public long flops(Shape result, Shape... in) {
            return 7 * result.size();
        }
    }

    /**
     * Layer normalization (arXiv:1607.06450): each row of the innermost axis to mean 0 and (biased) variance 1, then
     * {@code * weight + bias}; weight [C] and bias [C] come together or not at all.
     *
     * @param epsilon added to the variance
     */
    record LayerNorm(float epsilon) implements NormOp {
        @Override
        public Shape resultShape(Shape... in) {
            require(in[0].rank() > 0, "layerNorm: x is %s, expected [..., C]", in[0]);
            if (in.length > 1) {
                requirePerChannel("layerNorm", in, in[0].last());
            }
            return in[0];
        }

        @Override
        public long flops(Shape result, Shape... in) {
            return 7 * result.size();
        }
    }

    /** {@code exp(x - max) / sum} over each row of the innermost axis; minus infinity counts as 0. */
    record Softmax() implements NormOp {
        @Override
        public Shape resultShape(Shape... in) {
            require(in[0].rank() > 0 && in[0].last() > 0, "softmax: x is %s, expected rows that are not empty", in[0]);
            return in[0];
        }

        @Override
        public long flops(Shape result, Shape... in) {
            return 10 * result.size();
        }
    }

    @Override
    default boolean takes(int operands) {
        return switch (this) {
            case GroupNorm _ -> operands == 3;
            case LayerNorm _ -> operands == 1 || operands == 3;
            case Softmax _ -> operands == 1;
        };
    }
}
