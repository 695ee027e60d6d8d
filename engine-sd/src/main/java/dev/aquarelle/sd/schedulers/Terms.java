package dev.aquarelle.sd.schedulers;

/**
 * A weighted sum of samples, element by element: what every step of every scheduler is in the end. Weights and sums are double, the
 * result is rounded once.
 */
final class Terms {
    private final double[] sum;

    private Terms(double[] sum) {
        this.sum = sum;
    }

    static Terms of(double weight, float[] sample) {
        return new Terms(new double[sample.length]).plus(weight, sample);
    }

    /** @throws SchedulerException if the weight is infinite or NaN: a step that has no solution must not become a black picture */
    Terms plus(double weight, float[] sample) {
        if (!Double.isFinite(weight)) {
            throw new SchedulerException(
                    "this configuration has no finite step here: the weight of a sample is " + weight);
        }
        for (int i = 0; i < sum.length; i++) {
            sum[i] += weight * sample[i];
        }
        return this;
    }

    float[] sum() {
        return Grid.toFloat(sum);
    }
}
