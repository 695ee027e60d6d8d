package dev.aquarelle.sd.upscale;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.Value;

/**
 * Squares of pixels as channels, and back (arXiv:1609.05158). Channels count as PyTorch's do: the color, then the row, then the column in
 * the square. No number is changed: what other engines do by transposing is here a convolution with a single 1 for each result, or slices.
 */
final class PixelShuffle {
    private PixelShuffle() {}

    /** {@code [N, H, W, C]} gives {@code [N, H / r, W / r, C r r]}. */
    static Value unshuffle(Graph g, Value x, int r) {
        int colors = x.shape().last();
        float[] ones = new float[colors * r * r * colors * r * r];
        for (int color = 0; color < colors; color++) {
            for (int place = 0; place < r * r; place++) {
                int out = color * r * r + place;
                ones[(out * colors + color) * r * r + place] = 1;
            }
        }
        Value kernel = g.constant("pixel unshuffle", Tensor.of(ones, colors * r * r, colors, r, r));
        return g.conv2d(x, kernel, null, r, Padding.NONE, 1, 1);
    }

    /** {@code [1, H, W, C r r]} gives {@code [1, H r, W r, C]}. */
    static Value shuffle(Graph g, Value x, int r) {
        Shape shape = x.shape();
        int height = shape.dim(1);
        int width = shape.dim(2);
        int colors = shape.last() / (r * r);
        Value byRow = g.reshape(colorsInnermost(g, x, colors, r * r), height * width, r, r * colors);
        Value[] rows = new Value[r];
        for (int row = 0; row < r; row++) {
            rows[row] = g.reshape(g.slice(byRow, 1, row, row + 1), height, 1, width * r * colors);
        }
        return g.reshape(g.concat(1, rows), 1, height * r, width * r, colors);
    }

    /** Places in the square first, then colors, as the pixels lie in memory. */
    private static Value colorsInnermost(Graph g, Value x, int colors, int places) {
        int channels = colors * places;
        float[] ones = new float[channels * channels];
        for (int place = 0; place < places; place++) {
            for (int color = 0; color < colors; color++) {
                ones[(place * colors + color) * channels + color * places + place] = 1;
            }
        }
        return g.linear(x, g.constant("pixel shuffle", Tensor.of(ones, channels, channels)), null);
    }
}
