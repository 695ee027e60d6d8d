package dev.aquarelle.sd.vae;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Large pictures in overlapping tiles, one after the other in one graph, so that only one tile's feature maps are alive at a time. Where
 * tiles overlap, one fades into the next; the result is close to that of a whole picture, not equal. After diffusers' tiled
 * {@code AutoencoderKL}.
 *
 * @param sampleSize height and width of a tile of the picture, in pixels
 * @param latentSize height and width of a tile of the latents
 * @param overlap the part of a tile that the next one covers again, 0.25 usually
 */
public record Tiling(int sampleSize, int latentSize, double overlap) {

    /**
     * @throws IllegalArgumentException if a tile has no size, or the tiles do not overlap in part
     */
    public Tiling {
        if (sampleSize < 1 || latentSize < 1 || !(overlap >= 0 && overlap < 1)) {
            throw new IllegalArgumentException(
                    "expected sizes above 0 and an overlap from 0 to below 1, found %d, %d and %s"
                            .formatted(sampleSize, latentSize, overlap));
        }
        if (advance(sampleSize, overlap) < 1 || advance(latentSize, overlap) < 1) {
            throw new IllegalArgumentException("tiles of %d and %d do not advance with an overlap of %s"
                    .formatted(sampleSize, latentSize, overlap));
        }
    }

    /** {@link Autoencoder#decode}, in tiles if the latents are larger than one. */
    public Value decode(Graph g, Autoencoder vae, Value latents) {
        return tiled(g, latents, latentSize, sampleSize, tile -> vae.decode(g, tile));
    }

    /** {@link Autoencoder#encode}, in tiles if the picture is larger than one. */
    public Value encode(Graph g, Autoencoder vae, Value picture) {
        return tiled(g, picture, sampleSize, latentSize, tile -> vae.encode(g, tile));
    }

    private Value tiled(Graph g, Value x, int inSize, int outSize, UnaryOperator<Value> model) {
        int height = x.shape().dim(1);
        int width = x.shape().dim(2);
        if (height <= inSize && width <= inSize) {
            return model.apply(x);
        }
        int step = advance(inSize, overlap);
        int extent = (int) (outSize * overlap);
        int keep = outSize - extent;
        Map<Ramp, Value> ramps = new HashMap<>();
        List<Value> rows = new ArrayList<>();
        List<Value> above = List.of();
        for (int top = 0; top < height; top += step) {
            List<Value> row = new ArrayList<>();
            List<Value> kept = new ArrayList<>();
            for (int left = 0; left < width; left += step) {
                Value tile = g.slice(x, 1, top, Math.min(height, top + inSize));
                tile = model.apply(g.slice(tile, 2, left, Math.min(width, left + inSize)));
                if (!above.isEmpty()) {
                    tile = fade(g, ramps, above.get(row.size()), tile, 1, extent);
                }
                if (!row.isEmpty()) {
                    tile = fade(g, ramps, row.getLast(), tile, 2, extent);
                }
                row.add(tile);
                kept.add(first(g, first(g, tile, 1, keep), 2, keep));
            }
            rows.add(join(g, 2, kept));
            above = row;
        }
        return join(g, 1, rows);
    }

    /** The tile {@code next} with its first rows (axis 1) or columns (axis 2) made from the last ones of its neighbor and its own. */
    private static Value fade(Graph g, Map<Ramp, Value> ramps, Value previous, Value next, int axis, int extent) {
        int before = previous.shape().dim(axis);
        int size = next.shape().dim(axis);
        int shared = Math.min(extent, Math.min(before, size));
        if (shared == 0) {
            return next;
        }
        Value out =
                g.multiply(g.slice(previous, axis, before - shared, before), ramp(g, ramps, next, axis, shared, false));
        Value in = g.multiply(g.slice(next, axis, 0, shared), ramp(g, ramps, next, axis, shared, true));
        Value seam = g.add(out, in);
        return shared == size ? seam : g.concat(axis, seam, g.slice(next, axis, shared, size));
    }

    /**
     * Weights along an axis of a tile, the same for all that lies within. Tiles of the same shape have the same ones.
     *
     * @param axis 1 for rows, 2 for columns
     * @param shared rows or columns
     * @param width of the tile
     * @param rising whether they go from 0 up, or from 1 down
     */
    private record Ramp(int axis, int shared, int width, int channels, boolean rising) {
        Tensor weights() {
            int each = axis == 1 ? width * channels : channels;
            float[] weights = new float[shared * each];
            for (int i = 0; i < weights.length; i++) {
                int line = i / each;
                double position = (double) line / shared;
                weights[i] = (float) (rising ? position : 1 - position);
            }
            return axis == 1 ? Tensor.of(weights, shared, width, channels) : Tensor.of(weights, shared, channels);
        }
    }

    private static Value ramp(Graph g, Map<Ramp, Value> ramps, Value tile, int axis, int shared, boolean rising) {
        Ramp ramp = new Ramp(
                axis, shared, axis == 1 ? tile.shape().dim(2) : 0, tile.shape().last(), rising);
        return ramps.computeIfAbsent(ramp, r -> g.constant(rising ? "fade in" : "fade out", r.weights()));
    }

    private static Value first(Graph g, Value x, int axis, int count) {
        return x.shape().dim(axis) <= count ? x : g.slice(x, axis, 0, count);
    }

    private static Value join(Graph g, int axis, List<Value> parts) {
        return parts.size() == 1 ? parts.getFirst() : g.concat(axis, parts.toArray(Value[]::new));
    }

    private static int advance(int size, double overlap) {
        return (int) (size * (1 - overlap));
    }
}
