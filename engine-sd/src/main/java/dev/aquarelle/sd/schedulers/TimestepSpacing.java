package dev.aquarelle.sd.schedulers;

/**
 * Which of the training timesteps a run of fewer steps visits. See table 2 of Lin et al. 2023, arXiv:2305.08891.
 */
public enum TimestepSpacing {
    /** Equal distances from the last training timestep to 0, both included; the distances may be fractional. */
    LINSPACE("linspace"),
    /** Multiples of a whole distance, starting with {@code steps_offset}: the last training timesteps are left out. */
    LEADING("leading"),
    /** Equal distances counted back from the last training timestep, rounded. */
    TRAILING("trailing");

    private final String key;

    TimestepSpacing(String key) {
        this.key = key;
    }

    /** The name in configuration files: {@code timestep_spacing}. */
    public String key() {
        return key;
    }

    /** {@code steps} timesteps of {@code trainTimesteps}, falling; {@link #LINSPACE} is not rounded. */
    double[] timesteps(int steps, int trainTimesteps, int stepsOffset) {
        return switch (this) {
            case LINSPACE -> Grid.reversed(Grid.linspace(0, trainTimesteps - 1.0, steps));
            case LEADING -> leading(steps, trainTimesteps / steps, stepsOffset);
            case TRAILING -> trailing(steps, trainTimesteps, (double) trainTimesteps / steps);
        };
    }

    /**
     * The same for the multistep solvers in log-SNR, whose grids have one point more: the last one is the final sample, which is not
     * visited.
     *
     * @param last the timesteps below it count; less than {@code trainTimesteps} where the noisiest are cut off
     */
    double[] timestepsBeforeTheEnd(int steps, int last, int trainTimesteps, int stepsOffset) {
        return switch (this) {
            case LINSPACE -> Grid.head(Grid.reversed(Grid.rounded(Grid.linspace(0, last - 1.0, steps + 1))), steps);
            case LEADING -> Grid.head(leading(steps + 1, last / (steps + 1), stepsOffset), steps);
            case TRAILING -> trailing(steps, last, (double) trainTimesteps / steps);
        };
    }

    private static double[] leading(int count, int distance, int offset) {
        double[] timesteps = new double[count];
        for (int i = 0; i < count; i++) {
            timesteps[i] = (double) (count - 1 - i) * distance + offset;
        }
        return timesteps;
    }

    /** Rounding must not add a step: where the distances sum up to a hair less than {@code last}, the rest of a step is not one. */
    private static double[] trailing(int steps, int last, double distance) {
        int count = Math.min(steps, (int) Math.ceil(last / distance));
        double[] timesteps = new double[count];
        for (int i = 0; i < count; i++) {
            timesteps[i] = Math.rint(last - i * distance) - 1;
        }
        return timesteps;
    }
}
