package dev.aquarelle.sd.nn;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import org.jspecify.annotations.Nullable;

/**
 * {@code x @ weight^T + bias}: [..., in] gives [..., out].
 *
 * @param weight [out, in]
 * @param bias [out], if there is one
 * @param lowRank what is added to the result, if there is anything
 */
public record Linear(
        Parameter weight,
        @Nullable Parameter bias,
        @Nullable LowRank lowRank) implements Layer {

    /** By itself. */
    public Linear(Parameter weight, @Nullable Parameter bias) {
        this(weight, bias, null);
    }

    /** With a bias. */
    public static Linear load(Weights weights, int in, int out) {
        return new Linear(
                Parameter.load(weights, "weight", out, in),
                Parameter.load(weights, "bias", out),
                LowRank.load(weights, in, out));
    }

    /** Without a bias. */
    public static Linear loadWithoutBias(Weights weights, int in, int out) {
        return new Linear(Parameter.load(weights, "weight", out, in), null, LowRank.load(weights, in, out));
    }

    /**
     * With a bias, where checkpoints have either a matrix or the equal 1x1 convolution [out, in, 1, 1]: projections around the
     * attention of a feature map.
     */
    public static Linear loadPointwise(Weights weights, int in, int out) {
        if (weights.has("weight") && weights.get("weight").shape().rank() != 4) {
            return load(weights, in, out);
        }
        Parameter kernel = Parameter.load(weights, "weight", out, in, 1, 1);
        return new Linear(
                kernel.reshape(out, in), Parameter.load(weights, "bias", out), LowRank.load(weights, in, out));
    }

    @Override
    public Value forward(Graph g, Value x) {
        Value y = g.linear(x, weight.in(g), bias == null ? null : bias.in(g));
        return lowRank == null ? y : g.add(y, lowRank.forward(g, x));
    }
}
