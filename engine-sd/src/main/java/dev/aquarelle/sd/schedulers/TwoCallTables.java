package dev.aquarelle.sd.schedulers;

/** The calls of the solvers that look at the begin and in the middle of each step but one that ends at a clean sample. */
final class TwoCallTables {
    private final double[] timesteps;
    private final double[] sigmas;
    private final double[] modelSigmas;
    private final double maxSigma;

    private TwoCallTables(double[] timesteps, double[] sigmas, double[] modelSigmas, double maxSigma) {
        this.timesteps = timesteps;
        this.sigmas = sigmas;
        this.modelSigmas = modelSigmas;
        this.maxSigma = maxSigma;
    }

    /** How many there are for the sigmas of the steps and of the result: two for a step, one for a step to sigma 0. */
    static int calls(double[] grid) {
        int steps = grid.length - 1;
        return grid[steps] == 0 ? 2 * steps - 1 : 2 * steps;
    }

    /**
     * @param grid the sigmas of the steps and of the result
     * @param middles the sigma in the middle of each step
     */
    static TwoCallTables of(
            SigmaTable table, SigmaSettings settings, SigmaSteps steps, double[] grid, double[] middles) {
        double[] begins =
                settings.sigmaSpacing() == SigmaSpacing.KARRAS ? Grid.rounded(steps.timesteps()) : steps.timesteps();
        double[] between = table.timestepsOf(middles);
        double[] timesteps = new double[calls(grid)];
        double[] modelSigmas = new double[timesteps.length];
        for (int i = 0; i < timesteps.length; i++) {
            timesteps[i] = i % 2 == 0 ? begins[i / 2] : between[i / 2];
            modelSigmas[i] = i % 2 == 0 ? grid[i / 2] : middles[i / 2];
        }
        double[] sigmas = Grid.append(Grid.doubledAfterTheFirst(grid), grid[grid.length - 1]);
        return new TwoCallTables(timesteps, sigmas, modelSigmas, grid[0]);
    }

    /** The sigma a call starts from if it begins a step, else the one its step goes to. */
    double[] sigmas() {
        return sigmas;
    }

    Plan plan(SigmaSettings settings, int begin) {
        return Plan.exploding(timesteps, sigmas, modelSigmas, settings.initNoiseSigma(maxSigma), begin);
    }
}
