package dev.aquarelle.sd.clip;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.nn.LayerNorm;
import dev.aquarelle.sd.nn.Linear;
import dev.aquarelle.sd.nn.Parameter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * CLIP's image transformer (Radford et al., arXiv:2103.00020; transformers' {@code CLIPVisionModelWithProjection}), which tells an IP-Adapter
 * what is on a picture.
 *
 * @param config the sizes
 * @param patchEmbedding {@code [hiddenSize, 3, patchSize, patchSize]}
 * @param classEmbedding {@code [hiddenSize]}, the token for the whole image
 * @param positionEmbedding {@code [tokens, hiddenSize]}
 * @param preLayerNorm before the first layer; checkpoints call it {@code pre_layrnorm}
 * @param postLayerNorm of the token for the whole image
 * @param visualProjection of the same
 */
public record ClipVisionModel(
        ClipVisionConfig config,
        Parameter patchEmbedding,
        Parameter classEmbedding,
        Parameter positionEmbedding,
        LayerNorm preLayerNorm,
        List<ClipEncoderLayer> layers,
        LayerNorm postLayerNorm,
        Linear visualProjection) {

    public ClipVisionModel {
        layers = List.copyOf(layers);
    }

    /**
     * Finds the parts by their names in the checkpoint, below {@code vision_model} or without this.
     *
     * @throws RuntimeException if a tensor is missing or of another shape than the config says; names it, expected, found, file
     */
    public static ClipVisionModel load(Weights weights, ClipVisionConfig config) {
        int width = config.layer().hiddenSize();
        float epsilon = config.layer().layerNormEps();
        Weights vision = weights.hasPart("vision_model") ? weights.at("vision_model") : weights;
        List<ClipEncoderLayer> layers = new ArrayList<>();
        for (int i = 0; i < config.numHiddenLayers(); i++) {
            layers.add(ClipEncoderLayer.load(vision.at("encoder.layers." + i), config.layer()));
        }
        int patch = config.patchSize();
        return new ClipVisionModel(
                config,
                Parameter.load(vision, "embeddings.patch_embedding.weight", width, 3, patch, patch),
                Parameter.load(vision, "embeddings.class_embedding", width),
                Parameter.load(vision, "embeddings.position_embedding.weight", config.tokens(), width),
                LayerNorm.load(vision.at("pre_layrnorm"), width, epsilon),
                layers,
                LayerNorm.load(vision.at("post_layernorm"), width, epsilon),
                Linear.loadWithoutBias(weights.at("visual_projection"), width, config.projectionDim()));
    }

    /**
     * Loads a model's folder: {@code config.json} and the weights beside it.
     *
     * @param arena what the mapped weights live with
     * @throws dev.aquarelle.sd.ModelException if the configuration is broken or not supported
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if a tensor is missing or has another shape
     */
    public static ClipVisionModel load(Path folder, Arena arena) {
        return load(Weights.open(folder, arena), ClipVisionConfig.of(ModelConfig.read(folder.resolve("config.json"))));
    }

    /**
     * All hidden states of an image {@code [N, imageSize, imageSize, 3]}, each {@code [N, tokens, hiddenSize]}: first the embeddings, then
     * one after each layer. Layers whose states are not used cost nothing.
     *
     * @param pixelValues as {@link dev.aquarelle.sd.image.ClipImage} makes them
     */
    public List<Value> hiddenStates(Graph g, Value pixelValues) {
        Value x;
        try (var _ = g.scope("pre_layrnorm")) {
            x = preLayerNorm.forward(g, embeddings(g, pixelValues));
        }
        List<Value> states = new ArrayList<>(List.of(x));
        for (int i = 0; i < layers.size(); i++) {
            try (var _ = g.scope("encoder.layers." + i)) {
                x = layers.get(i).forward(g, x);
            }
            states.add(x);
        }
        return List.copyOf(states);
    }

    private Value embeddings(Graph g, Value pixelValues) {
        try (var _ = g.scope("embeddings")) {
            Value patches = g.conv2d(pixelValues, patchEmbedding.in(g), null, config.patchSize(), Padding.all(0), 1, 1);
            Shape shape = patches.shape();
            int batch = shape.dim(0);
            int width = shape.last();
            Value whole = classEmbedding.reshape(1, 1, width).in(g);
            Value tokens = g.concat(
                    1,
                    g.concat(0, Collections.nCopies(batch, whole).toArray(Value[]::new)),
                    g.reshape(patches, batch, shape.dim(1) * shape.dim(2), width));
            return g.add(tokens, positionEmbedding.in(g));
        }
    }

    /**
     * The image as one vector, {@code [N, projectionDim]}.
     *
     * @param lastHiddenState the last of {@link #hiddenStates}, {@code [N, tokens, hiddenSize]}
     */
    public Value imageEmbeds(Graph g, Value lastHiddenState) {
        Shape shape = lastHiddenState.shape();
        Value whole = g.reshape(g.slice(lastHiddenState, 1, 0, 1), shape.dim(0), shape.last());
        try (var _ = g.scope("post_layernorm")) {
            whole = postLayerNorm.forward(g, whole);
        }
        return visualProjection.forward(g, "visual_projection", whole);
    }
}
