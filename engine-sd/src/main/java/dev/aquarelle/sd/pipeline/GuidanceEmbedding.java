package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;

/** The guidance scale as latent consistency models take it (arXiv:2310.04378, appendix B; diffusers' {@code get_guidance_scale_embedding}). */
final class GuidanceEmbedding {
    private static final double UNIT = 1000;
    private static final double LONGEST = 10000;

    private GuidanceEmbedding() {}

    /**
     * Sines, then cosines of the scale above 1.
     *
     * @return {@code [samples, dim]}
     */
    static Tensor of(double guidanceScale, int samples, int dim) {
        int half = dim / 2;
        float[] all = new float[samples * dim];
        double unit = StrictMath.log(LONGEST) / (half - 1);
        for (int i = 0; i < half; i++) {
            float angle = (float) ((guidanceScale - 1) * UNIT) * (float) StrictMath.exp(-i * unit);
            for (int n = 0; n < samples; n++) {
                all[n * dim + i] = (float) StrictMath.sin(angle);
                all[n * dim + half + i] = (float) StrictMath.cos(angle);
            }
        }
        return Tensor.of(all, samples, dim);
    }
}
