package dev.aquarelle.sd.nn;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;

/**
 * Group normalization over the channels of [N, ..., C].
 *
 * @param weight [C]
 * @param bias [C]
 * @param groups a divisor of C
 * @param epsilon added to the variance
 */
public record GroupNorm(Parameter weight, Parameter bias, int groups, float epsilon) implements Layer {

    /** The weight and bias of this part of the checkpoint. */
    public static GroupNorm load(Weights weights, int channels, int groups, float epsilon) {
        return new GroupNorm(
                Parameter.load(weights, "weight", channels),
                Parameter.load(weights, "bias", channels),
                groups,
                epsilon);
    }

    @Override
    public Value forward(Graph g, Value x) {
        return g.groupNorm(x, weight.in(g), bias.in(g), groups, epsilon);
    }
}
