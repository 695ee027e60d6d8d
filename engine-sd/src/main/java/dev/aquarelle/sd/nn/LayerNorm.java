package dev.aquarelle.sd.nn;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;

/**
 * Layer normalization over the innermost axis of [..., C].
 *
 * @param weight [C]
 * @param bias [C]
 * @param epsilon added to the variance
 */
public record LayerNorm(Parameter weight, Parameter bias, float epsilon) implements Layer {

    /** The weight and bias of this part of the checkpoint. */
    public static LayerNorm load(Weights weights, int channels, float epsilon) {
        return new LayerNorm(
                Parameter.load(weights, "weight", channels), Parameter.load(weights, "bias", channels), epsilon);
    }

    @Override
    public Value forward(Graph g, Value x) {
        return g.layerNorm(x, weight.in(g), bias.in(g), epsilon);
    }
}
