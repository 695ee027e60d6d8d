package dev.aquarelle.sd.schedulers;

/**
 * The noise levels that Sabour et al. 2024 (arXiv:2404.14507) found best for ten steps of a family of models; for other numbers of steps
 * they are interpolated.
 */
public enum AlignYourSteps {
    /** Stable Diffusion 1; taken for 2 as well. */
    STABLE_DIFFUSION,
    /** Stable Diffusion XL and its refiner. */
    SDXL;

    private double[] levels() {
        return switch (this) {
            case STABLE_DIFFUSION ->
                new double[] {14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029};
            case SDXL -> new double[] {14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029};
        };
    }

    /** {@code count} levels from the first to the last, linearly in their logarithms. */
    double[] sigmas(int count) {
        double[] levels = levels();
        double[] sigmas = Grid.linspace(0, levels.length - 1.0, count);
        for (int i = 0; i < count; i++) {
            int below = (int) sigmas[i];
            int above = Math.min(below + 1, levels.length - 1);
            double weight = sigmas[i] - below;
            sigmas[i] = weight == 0
                    ? levels[below]
                    : StrictMath.exp(
                            (1 - weight) * StrictMath.log(levels[below]) + weight * StrictMath.log(levels[above]));
        }
        return sigmas;
    }
}
