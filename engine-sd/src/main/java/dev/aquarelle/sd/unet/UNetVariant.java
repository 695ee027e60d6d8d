package dev.aquarelle.sd.unet;

import dev.aquarelle.sd.nn.TokenMerging;
import java.util.List;

/**
 * How a denoiser's graph differs from the plain one, to be computed sooner and not quite as exactly.
 *
 * @param mergeRatio the part of the tokens that is merged in self-attention on the largest maps that have it (arXiv:2303.17604); 0 for none
 * @param deep what becomes of the deep blocks (DeepCache, arXiv:2312.00858)
 */
public record UNetVariant(double mergeRatio, Deep deep) {
    /** As the model was trained. */
    public static final UNetVariant PLAIN = new UNetVariant(0, Deep.COMPUTED);

    /** The output or the input for what deep blocks give: what the last layer of the last up block gets of the layer before it. */
    public static final String DEEP_FEATURES = "deep_features";

    /**
     * What becomes of the deep blocks: all but the first convolution, the last layer of the last up block and what is behind it. It is the
     * shallowest branch of the paper, which {@code cache_branch_id 0} is in its implementation.
     */
    public enum Deep {
        /** They are computed. */
        COMPUTED,
        /** They are computed, and what they give is an output as well. */
        KEPT,
        /** What they gave in another call is an input, the last one. */
        GIVEN
    }

    /** The same graph but for the deep blocks. */
    public UNetVariant with(Deep deep) {
        return new UNetVariant(mergeRatio, deep);
    }

    TokenMerging merging(UNetConfig config, UNetInputs.Sizes sizes) {
        UNetConfig.Skip largest = new UNetConfig.Skip(0, largest(config));
        return mergeRatio == 0
                ? TokenMerging.NONE
                : new TokenMerging(largest.halved(sizes.height()), largest.halved(sizes.width()), mergeRatio);
    }

    /** The outermost level with transformers, from 0. */
    private static int largest(UNetConfig config) {
        List<UNetConfig.Block> up = config.upBlocks().reversed();
        int level = 0;
        while (level < up.size() - 1
                && !up.get(level).crossAttention()
                && !config.downBlocks().get(level).crossAttention()) {
            level++;
        }
        return level;
    }
}
