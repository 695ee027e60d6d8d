package dev.aquarelle.sd.nn;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import java.util.stream.IntStream;

/**
 * Squares of pixels become channels (arXiv:1609.05158, backwards): [N, H, W, C] gives [N, H / factor, W / factor, C factor^2], where channel
 * {@code (c * factor + i) * factor + j} is channel c of the pixel in row i and column j of a square.
 *
 * @param factor side of the squares
 */
public record PixelUnshuffle(int factor) implements Layer {

    /**
     * @throws TensorException if height or width are no multiples of the factor
     */
    @Override
    public Value forward(Graph g, Value x) {
        Shape image = x.shape();
        if (image.dim(1) % factor != 0 || image.dim(2) % factor != 0) {
            throw new TensorException(
                    "pixelUnshuffle: height and width of %s are no multiples of %d".formatted(image, factor));
        }
        int n = image.dim(0);
        int h = image.dim(1) / factor;
        int w = image.dim(2) / factor;
        int c = image.last();
        Value rows = g.reshape(x, n * h, factor, w, factor * c);
        Value squares = gathered(g, rows, 1, factor, 3); // [N h, 1, w, i j c]
        Value pixels = g.reshape(squares, n * h * w, factor * factor, c);
        return g.reshape(gathered(g, pixels, 2, c, 1), n, h, w, c * factor * factor); // from [N h w, c i j, 1]
    }

    /** The positions of one axis one after the other along another. */
    private static Value gathered(Graph g, Value x, int axis, int count, int along) {
        return g.concat(
                along,
                IntStream.range(0, count)
                        .mapToObj(i -> g.slice(x, axis, i, i + 1))
                        .toArray(Value[]::new));
    }
}
