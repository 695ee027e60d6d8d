package dev.aquarelle.sd.control;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.nn.LayerNorm;
import dev.aquarelle.sd.nn.Linear;
import dev.aquarelle.sd.nn.Parameter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The image projection of IP-Adapter Plus: a few learned tokens look at all hidden states of the image and at themselves (Alayrac et al.,
 * arXiv:2204.14198). Hidden states [N, L, inputDim] give [N, tokens, crossAttentionDim].
 *
 * @param latents [1, tokens, width]
 */
record Resampler(Parameter latents, Linear projIn, List<Block> layers, Linear projOut, LayerNorm normOut, int inputDim)
        implements ImageProjection {
    private static final int HEAD_DIM = 64;

    static Resampler load(Weights weights) {
        Shape in = FoundTensors.shape(weights, "proj_in.weight", 2);
        Shape out = FoundTensors.shape(weights, "proj_out.weight", 2);
        int width = in.dim(0);
        int tokens = FoundTensors.shape(weights, "latents", 3).dim(1);
        List<Block> layers = new ArrayList<>();
        for (int i = 0; i < FoundTensors.count(weights, "layers"); i++) {
            layers.add(Block.load(weights.at("layers." + i), width));
        }
        return new Resampler(
                Parameter.load(weights, "latents", 1, tokens, width),
                Linear.load(weights.at("proj_in"), in.dim(1), width),
                List.copyOf(layers),
                Linear.load(weights.at("proj_out"), width, out.dim(0)),
                LayerNorm.load(weights.at("norm_out"), out.dim(0), EPSILON),
                in.dim(1));
    }

    /** An attention and a perceptron, each around a shortcut; {@code 0} and {@code 1} in this part of the checkpoint. */
    record Block(
            LayerNorm norm1,
            LayerNorm norm2,
            Linear toQ,
            Linear toK,
            Linear toV,
            Linear toOut,
            int heads,
            LayerNorm norm,
            Linear up,
            Linear down) {

        static Block load(Weights weights, int width) {
            int inner = FoundTensors.shape(weights, "0.to_q.weight", 2).dim(0);
            if (inner % HEAD_DIM != 0) {
                throw new ModelException("%s: expected a multiple of %d rows, found %d in %s"
                        .formatted(weights.path("0.to_q.weight"), HEAD_DIM, inner, weights.where()));
            }
            Tensor toKv = weights.get("0.to_kv.weight", Math.multiplyExact(2, inner), width);
            String name = weights.path("0.to_kv.weight");
            int wide = FoundTensors.shape(weights, "1.1.weight", 2).dim(0);
            return new Block(
                    LayerNorm.load(weights.at("0.norm1"), width, EPSILON),
                    LayerNorm.load(weights.at("0.norm2"), width, EPSILON),
                    Linear.loadWithoutBias(weights.at("0.to_q"), width, inner),
                    new Linear(new Parameter(name, toKv.slice(0, inner)), null, null),
                    new Linear(new Parameter(name, toKv.slice(inner, 2 * inner)), null, null),
                    Linear.loadWithoutBias(weights.at("0.to_out"), inner, width),
                    inner / HEAD_DIM,
                    LayerNorm.load(weights.at("1.0"), width, EPSILON),
                    Linear.loadWithoutBias(weights.at("1.1"), width, wide),
                    Linear.loadWithoutBias(weights.at("1.3"), wide, width));
        }

        Value forward(Graph g, Value x, Value latents) {
            Value h = norm2.forward(g, latents);
            Value all = g.concat(1, norm1.forward(g, x), h);
            Value seen = g.attention(toQ.forward(g, h), toK.forward(g, all), toV.forward(g, all), heads, false);
            latents = g.add(toOut.forward(g, seen), latents);
            h = g.activate(up.forward(g, norm.forward(g, latents)), Activation.GELU);
            return g.add(down.forward(g, h), latents);
        }
    }

    @Override
    public Value forward(Graph g, Value x) {
        Value[] copies = Collections.nCopies(x.shape().dim(0), latents.in(g)).toArray(Value[]::new);
        Value tokens = g.concat(0, copies);
        x = projIn.forward(g, "proj_in", x);
        for (int i = 0; i < layers.size(); i++) {
            try (var _ = g.scope("layers." + i)) {
                tokens = layers.get(i).forward(g, x, tokens);
            }
        }
        return normOut.forward(g, "norm_out", projOut.forward(g, "proj_out", tokens));
    }

    @Override
    public boolean takesVector() {
        return false;
    }

    @Override
    public int tokens(int hiddenStates) {
        return latents.tensor().shape().dim(1);
    }

    @Override
    public int crossAttentionDim() {
        return normOut.weight().tensor().shape().dim(0);
    }
}
