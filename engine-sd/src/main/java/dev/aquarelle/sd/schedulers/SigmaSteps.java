package dev.aquarelle.sd.schedulers;

/** The visited timesteps and their sigmas, both in order of the run; without the sigma of the result. */
final class SigmaSteps {
    private final double[] timesteps;
    private final double[] sigmas;

    SigmaSteps(double[] timesteps, double[] sigmas) {
        this.timesteps = timesteps;
        this.sigmas = sigmas;
    }

    /** Those of the sigmas that a run gives. */
    static SigmaSteps given(SigmaTable table, RunOptions options) {
        double[] sigmas = Grid.head(Grid.roundedToFloat(options.sigmas()), options.steps());
        return new SigmaSteps(table.timestepsOf(sigmas), sigmas);
    }

    double[] timesteps() {
        return timesteps;
    }

    double[] sigmas() {
        return sigmas;
    }

    double lastSigma() {
        return sigmas[sigmas.length - 1];
    }

    /** The sigmas with that of the result behind them, as stored: single precision. */
    double[] sigmasTo(double finalSigma) {
        return Grid.roundedToFloat(Grid.append(sigmas, finalSigma));
    }
}
