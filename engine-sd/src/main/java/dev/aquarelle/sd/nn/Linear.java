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
 */
public record Linear(Parameter weight, @Nullable Parameter bias) implements Layer {

    /** With a bias. */
    public static Linear load(Weights weights, int in, int out) {
        return new Linear(Parameter.load(weights, "weight", out, in), Parameter.load(weights, "bias", out));
    }

    /** Without a bias. */
    public static Linear loadWithoutBias(Weights weights, int in, int out) {
        return new Linear(Parameter.load(weights, "weight", out, in), null);
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
        return new Linear(kernel.reshape(out, in), Parameter.load(weights, "bias", out));
    }

    @Override
    public Value forward(Graph g, Value x) {
        return g.linear(x, weight.in(g), bias == null ? null : bias.in(g));
    }
}
