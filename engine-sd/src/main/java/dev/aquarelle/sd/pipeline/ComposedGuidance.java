package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import java.util.List;

/**
 * Guidance by several prompts at once (Liu et al., arXiv:2206.01714, section 3.2): from what the negative prompt gives the prediction is
 * pushed towards each of them, all pushes added. The looks are: negative prompt, then a look for each prompt. One prompt of weight 1 is
 * {@link Guidance}.
 *
 * @param scale how literally all of them are taken
 * @param weights how much each counts; may be negative, for what shall not be seen
 */
public record ComposedGuidance(double scale, List<Double> weights) implements GuidanceMethod {

    /**
     * @throws IllegalArgumentException if there is no prompt or a number is not finite
     */
    public ComposedGuidance {
        weights = List.copyOf(weights);
        if (weights.isEmpty()) {
            throw new IllegalArgumentException("composed guidance: expected at least one weight, found none");
        }
        if (!Double.isFinite(scale)) {
            throw new IllegalArgumentException("guidanceScale: expected a finite number, found " + scale);
        }
        for (double weight : weights) {
            if (!Float.isFinite((float) (weight * scale))) {
                throw new IllegalArgumentException("weight of a prompt: expected a finite number, found " + weight);
            }
        }
    }

    @Override
    public int looks() {
        return 1 + weights.size();
    }

    @Override
    public int negatives() {
        return 1;
    }

    @Override
    public Tensor combine(Tensor predictions) {
        float[] values = predictions.toFloatArray();
        int[] dims = predictions.shape().dims();
        dims[0] /= looks();
        int each = values.length / looks();
        float[] guided = new float[each];
        for (int i = 0; i < each; i++) {
            float negative = values[i];
            float sum = negative;
            for (int k = 0; k < weights.size(); k++) {
                sum += (float) (weights.get(k) * scale) * (values[(k + 1) * each + i] - negative);
            }
            guided[i] = sum;
        }
        return Tensor.of(guided, dims);
    }
}
