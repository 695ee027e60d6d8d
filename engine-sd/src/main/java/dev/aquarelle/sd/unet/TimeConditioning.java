package dev.aquarelle.sd.unet;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Linear;
import dev.aquarelle.sd.nn.TimestepEmbedding;
import org.jspecify.annotations.Nullable;

/**
 * What all residual blocks are told: an embedding of the timestep, of the guidance scale (LCM) and of the pooled text and the picture's sizes
 * (SDXL), {@code [N, timeEmbedDim]}.
 *
 * @param condProj {@code time_embedding.cond_proj}, in models distilled for a guidance scale
 * @param addEmbedding {@code add_embedding}, in SDXL
 */
record TimeConditioning(
        UNetConfig config,
        TimestepEmbedding timeEmbedding,
        @Nullable Linear condProj,
        @Nullable TimestepEmbedding addEmbedding) {

    static TimeConditioning load(Weights weights, UNetConfig config) {
        int sinusoids = config.downBlocks().getFirst().channels();
        return new TimeConditioning(
                config,
                TimestepEmbedding.load(weights.at("time_embedding"), sinusoids, config.timeEmbedDim()),
                config.timeCondProjDim() == 0
                        ? null
                        : Linear.loadWithoutBias(
                                weights.at("time_embedding.cond_proj"), config.timeCondProjDim(), sinusoids),
                config.textTime() == null
                        ? null
                        : TimestepEmbedding.load(
                                weights.at("add_embedding"), config.textTime().inputDim(), config.timeEmbedDim()));
    }

    Value forward(Graph g, UNetInputs in) {
        Value temb = timeEmbedding(g, in);
        return addEmbedding == null
                ? temb
                : g.add(temb, addEmbedding.forward(g, "add_embedding", addedCondition(g, in)));
    }

    private Value timeEmbedding(Graph g, UNetInputs in) {
        try (var _ = g.scope("time_embedding")) {
            Value sinusoids =
                    sinusoids(g, in.timestep(), config.downBlocks().getFirst().channels());
            if (condProj != null) {
                sinusoids = g.add(sinusoids, condProj.forward(g, required(in.timestepCond(), "timestepCond")));
            }
            return timeEmbedding.forward(g, sinusoids);
        }
    }

    /** The pooled text, and behind it the sinusoids of each of the sizes. */
    private Value addedCondition(Graph g, UNetInputs in) {
        UNetConfig.TextTime textTime = required(config.textTime(), "text_time");
        Value textEmbeds = required(in.textEmbeds(), "textEmbeds");
        Value timeIds = required(in.timeIds(), "timeIds");
        int batch = timeIds.shape().dim(0);
        int ids = timeIds.shape().dim(1);
        Value sinusoids = sinusoids(g, g.reshape(timeIds, batch * ids), textTime.timeEmbedDim());
        return g.concat(1, textEmbeds, g.reshape(sinusoids, batch, ids * textTime.timeEmbedDim()));
    }

    private Value sinusoids(Graph g, Value numbers, int dim) {
        return g.timestepEmbedding(numbers, dim, config.flipSinToCos(), config.freqShift());
    }

    private static <T> T required(@Nullable T value, String name) {
        if (value == null) {
            throw new IllegalArgumentException("this U-Net needs the input " + name);
        }
        return value;
    }
}
