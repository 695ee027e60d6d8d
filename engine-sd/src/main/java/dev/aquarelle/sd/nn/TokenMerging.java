package dev.aquarelle.sd.nn;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.TokenOp.MatchTokens;
import dev.aquarelle.ops.graph.Value;
import java.util.function.UnaryOperator;

/**
 * Token merging for Stable Diffusion (Bolya and Hoffman, arXiv:2303.17604): in transformers of the largest maps, tokens that are alike
 * are averaged before self-attention and get the same result. Which of them, is found anew in each block; see {@link MatchTokens}.
 *
 * @param height of the maps on which tokens are merged; others are left as they are
 * @param width of those maps
 * @param ratio the part of their tokens that is merged with others, rounded down; 0 for none
 */
public record TokenMerging(int height, int width, double ratio) {
    /** None. */
    public static final TokenMerging NONE = new TokenMerging(0, 0, 0);

    /** The same on a map {@code [N, H, W, C]} if it is of the size, else none. */
    TokenMerging on(Shape map) {
        return map.dim(1) == height && map.dim(2) == width ? this : NONE;
    }

    /**
     * Attention among merged tokens.
     *
     * @param x what tells which are alike, {@code [N, L, dim]}
     * @param h what attends, {@code [N, L, dim]}
     * @param attention of {@code [N, T, dim]} to {@code [N, T, dim]}, with fewer tokens T where some are merged
     * @return {@code [N, L, dim]}
     */
    Value around(Graph g, Value x, Value h, UnaryOperator<Value> attention) {
        int merged = Math.min((int) (ratio * height * width), MatchTokens.movable(height, width));
        if (merged == 0) {
            return attention.apply(h);
        }
        Value places = g.matchTokens(x, height, width, merged);
        int left = height * width - merged;
        return g.unmergeTokens(attention.apply(g.mergeTokens(h, places, left)), places);
    }
}
