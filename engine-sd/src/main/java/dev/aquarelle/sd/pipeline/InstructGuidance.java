package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;

/**
 * Guidance by an instruction and by the picture it is about (InstructPix2Pix, arXiv:2211.09800, section 3.2.1). The looks are: instruction
 * and picture, picture alone, neither.
 *
 * @param scale how literally the instruction is taken
 * @param imageScale how much of the picture is kept, at least 1
 */
public record InstructGuidance(double scale, double imageScale) implements GuidanceMethod {

    /**
     * @throws IllegalArgumentException if a number is not finite, or the image scale is below 1
     */
    public InstructGuidance {
        if (!Double.isFinite(scale)) {
            throw new IllegalArgumentException("guidanceScale: expected a finite number, found " + scale);
        }
        if (!(imageScale >= 1 && imageScale < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("imageGuidanceScale: expected at least 1, found " + imageScale);
        }
    }

    @Override
    public int looks() {
        return scale > 1 ? 3 : 1;
    }

    @Override
    public int negatives() {
        return 0;
    }

    @Override
    public Tensor combine(Tensor predictions) {
        if (looks() == 1) {
            return predictions;
        }
        float[] values = predictions.toFloatArray();
        int[] dims = predictions.shape().dims();
        dims[0] /= 3;
        int third = values.length / 3;
        float[] guided = new float[third];
        for (int i = 0; i < third; i++) {
            float both = values[i];
            float picture = values[third + i];
            float neither = values[2 * third + i];
            guided[i] = neither + (float) scale * (both - picture) + (float) imageScale * (picture - neither);
        }
        return Tensor.of(guided, dims);
    }
}
