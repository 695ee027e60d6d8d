package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.random.Generator;
import dev.aquarelle.core.tensor.Tensor;

/**
 * Noise with that of another size in its middle, so that a picture of one size is like the seed's picture of the other: the web UI's "seed
 * resize". What is larger than the noise is cut off at both sides alike.
 *
 * @param own draws the noise around it
 * @param known draws that of the other size
 * @param width of the other size, in latents
 * @param height of the other size, in latents
 */
record ResizedSeed(Generator own, Generator known, int width, int height) implements Generator {

    /** One draw of each, {@code [1, C, h, w]}. */
    @Override
    public Tensor randn(int... dims) {
        float[] noise = own.randn(dims).toFloatArray();
        float[] middle = known.randn(dims[0], dims[1], height, width).toFloatArray();
        Span rows = Span.of(height, dims[2]);
        Span columns = Span.of(width, dims[3]);
        for (int channel = 0; channel < dims[0] * dims[1]; channel++) {
            for (int row = 0; row < rows.count; row++) {
                int from = (channel * height + rows.from + row) * width + columns.from;
                int to = (channel * dims[2] + rows.to + row) * dims[3] + columns.to;
                System.arraycopy(middle, from, noise, to, columns.count);
            }
        }
        return Tensor.of(noise, dims);
    }

    /** Which part of one side is laid where on another. */
    private record Span(int from, int to, int count) {

        /** As in the web UI, of a larger side with an odd difference the larger half is cut off of both ends: a row of the noise around stays. */
        static Span of(int known, int own) {
            int margin = Math.floorDiv(own - known, 2);
            return margin >= 0 ? new Span(0, margin, known) : new Span(-margin, 0, known + 2 * margin);
        }
    }
}
