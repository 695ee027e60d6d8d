package dev.aquarelle.sd.clip;

import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;

/**
 * The {@code config.json} of an image encoder: OpenCLIP ViT-H (IP-Adapters of Stable Diffusion 1, and most of SDXL), bigG, or any other size.
 *
 * @param layer what its transformer layers are made by
 * @param numHiddenLayers transformer layers
 * @param imageSize height and width of the image in pixels, 224
 * @param patchSize height and width of the squares that become tokens
 * @param projectionDim width of the projected output
 */
public record ClipVisionConfig(
        ClipLayerConfig layer, int numHiddenLayers, int imageSize, int patchSize, int projectionDim) {
    private static final int MAX_SIZE = 1 << 16;
    private static final int MAX_IMAGE = 1 << 12;
    private static final int MAX_LAYERS = 1 << 10;

    /**
     * Reads and checks the fields; what is absent has transformers' default. The configuration of a whole CLIP model has them in its {@code
     * vision_config}.
     *
     * @throws ModelException if it is no image encoder with a projection, or a field does not fit; names file, field, expected, found
     */
    public static ClipVisionConfig of(ModelConfig config) {
        config.supportOnly("model_type", "clip_vision_model", "clip");
        config.supportOnly("architectures", "CLIPVisionModelWithProjection", "CLIPModel");
        ModelConfig vision = config.isObject("vision_config") ? config.object("vision_config") : config;
        vision.supportOnly("num_channels", "3");
        int imageSize = vision.integer("image_size", 1, MAX_IMAGE, 224);
        int patchSize = vision.integer("patch_size", 1, MAX_IMAGE, 32);
        if (imageSize / patchSize == 0) {
            throw vision.mismatch("patch_size", "at most image_size %d".formatted(imageSize));
        }
        return new ClipVisionConfig(
                ClipLayerConfig.of(vision, 768, 3072, 12, false),
                vision.integer("num_hidden_layers", 1, MAX_LAYERS, 12),
                imageSize,
                patchSize,
                config.integer("projection_dim", 1, MAX_SIZE, 512));
    }

    /** Tokens of an image: one for each patch, and one before them for the whole. */
    public int tokens() {
        int side = imageSize / patchSize;
        return side * side + 1;
    }
}
