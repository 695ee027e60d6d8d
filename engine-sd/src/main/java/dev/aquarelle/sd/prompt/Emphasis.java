package dev.aquarelle.sd.prompt;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;

/** How the weights of a prompt's tokens act on their hidden states; named as in the web interface of AUTOMATIC1111. */
public enum Emphasis {
    /** Each row times its weight, then all of a chunk scaled so that their mean is what it was. */
    ORIGINAL,
    /** Each row times its weight. */
    NO_NORM;

    /**
     * The weighted hidden states of one chunk.
     *
     * @param hiddenState F32 {@code [L, C]}; not changed
     * @param weights one for each of the L tokens
     * @return a new tensor of the same shape
     * @throws TensorException if there is another number of weights than tokens
     */
    public Tensor apply(Tensor hiddenState, float[] weights) {
        Shape shape = hiddenState.shape();
        if (shape.rank() != 2 || shape.dim(0) != weights.length) {
            throw new TensorException(
                    "emphasis: expected [%d, C] for so many weights, found %s".formatted(weights.length, shape));
        }
        float[] values = hiddenState.toFloatArray();
        double before = sum(values);
        for (int i = 0; i < values.length; i++) {
            values[i] *= weights[i / shape.last()];
        }
        double after = sum(values);
        if (this == ORIGINAL && after != 0) {
            float factor = (float) (before / after);
            for (int i = 0; i < values.length; i++) {
                values[i] *= factor;
            }
        }
        return Tensor.of(values, shape.dims());
    }

    /** In double: the mean of a chunk is near 0, and a float's rounding would show in the factor. */
    private static double sum(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += value;
        }
        return sum;
    }
}
