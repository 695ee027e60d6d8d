package dev.aquarelle.sd.control;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.nn.LayerNorm;
import dev.aquarelle.sd.nn.Linear;

/** What makes tokens for the denoiser of an image encoder's output: {@code image_proj} of an IP-Adapter. */
sealed interface ImageProjection permits ImageProjection.OfWhole, ImageProjection.OfPatches, Resampler {
    float EPSILON = 1e-5f;

    /**
     * The tokens {@code [N, tokens, crossAttentionDim]}.
     *
     * @param x {@code [N, D]} if it takes the image's one vector, or else the hidden states {@code [N, L, D]} after the last layer but one
     */
    Value forward(Graph g, Value x);

    /** Whether it takes the image's one vector. */
    boolean takesVector();

    /** Width of what it takes. */
    int inputDim();

    /** How many tokens an image becomes, of L hidden states. */
    int tokens(int hiddenStates);

    /** Width of the tokens. */
    int crossAttentionDim();

    /**
     * Tells by the tensors which kind it is.
     *
     * @throws ModelException if none that is known
     */
    static ImageProjection load(Weights weights) {
        if (weights.has("proj.weight")) {
            return OfWhole.load(weights);
        }
        if (weights.has("latents")) {
            return Resampler.load(weights);
        }
        if (weights.has("proj.3.weight")) {
            return OfPatches.load(weights);
        }
        if (weights.hasPart("proj") || weights.hasPart("perceiver_resampler")) {
            throw new ModelException("%s: IP-Adapters of face identities are not supported".formatted(weights.where()));
        }
        throw new ModelException(
                "%s: expected image_proj of a known kind, found none of its tensors".formatted(weights.where()));
    }

    /** One linear layer that makes all tokens (the base variant). */
    record OfWhole(Linear proj, LayerNorm norm, int inputDim, int crossAttentionDim, int tokens)
            implements ImageProjection {
        static OfWhole load(Weights weights) {
            Shape shape = FoundTensors.shape(weights, "proj.weight", 2);
            int width = FoundTensors.shape(weights, "norm.weight", 1).dim(0);
            if (shape.dim(0) % width != 0) {
                throw new ModelException("%s: expected a multiple of %d rows, found %s in %s"
                        .formatted(weights.path("proj.weight"), width, shape, weights.where()));
            }
            return new OfWhole(
                    Linear.load(weights.at("proj"), shape.dim(1), shape.dim(0)),
                    LayerNorm.load(weights.at("norm"), width, EPSILON),
                    shape.dim(1),
                    width,
                    shape.dim(0) / width);
        }

        @Override
        public Value forward(Graph g, Value x) {
            Value tokens = proj.forward(g, "proj", x);
            return norm.forward(g, "norm", g.reshape(tokens, x.shape().dim(0), this.tokens, crossAttentionDim));
        }

        @Override
        public boolean takesVector() {
            return true;
        }

        @Override
        public int tokens(int hiddenStates) {
            return tokens;
        }
    }

    /** A perceptron that makes a token of each hidden state ("full face"). */
    record OfPatches(Linear proj0, Linear proj2, LayerNorm norm, int inputDim, int crossAttentionDim)
            implements ImageProjection {
        static OfPatches load(Weights weights) {
            Shape first = FoundTensors.shape(weights, "proj.0.weight", 2);
            int width = FoundTensors.shape(weights, "proj.3.weight", 1).dim(0);
            return new OfPatches(
                    Linear.load(weights.at("proj.0"), first.dim(1), first.dim(0)),
                    Linear.load(weights.at("proj.2"), first.dim(0), width),
                    LayerNorm.load(weights.at("proj.3"), width, EPSILON),
                    first.dim(1),
                    width);
        }

        @Override
        public Value forward(Graph g, Value x) {
            Value h = g.activate(proj0.forward(g, "proj.0", x), Activation.GELU);
            return norm.forward(g, "proj.3", proj2.forward(g, "proj.2", h));
        }

        @Override
        public boolean takesVector() {
            return false;
        }

        @Override
        public int tokens(int hiddenStates) {
            return hiddenStates;
        }
    }
}
