package dev.aquarelle.sd.lora;

import org.jspecify.annotations.Nullable;

/**
 * The lengths that DoRA (arXiv:2402.09353) gives the rows or the columns of a changed weight: {@code lengths / |W + D| * (W + D)}.
 *
 * @param lengths one for each output, or one for each input
 * @param ofInputs which of them; LyCORIS has written both
 */
record Magnitude(Piece lengths, boolean ofInputs) {
    /** Added to each norm, as LyCORIS does: no division by zero. */
    private static final double EPSILON = Math.ulp(1f);

    /** What a module says, if it says anything. */
    static @Nullable Magnitude of(LoraModule module, Layer layer) {
        Piece peft = module.find(Role.MAGNITUDE);
        if (peft != null) {
            boolean flat = peft.tensor().shape().rank() <= 1 || peft.axis(0) == layer.out();
            return new Magnitude(flat ? peft.require(layer.out()) : peft.require(1, layer.out()), false);
        }
        Piece scale = module.find(Role.DORA_SCALE);
        if (scale == null) {
            return null;
        }
        boolean ofInputs = scale.axis(0) == 1 && scale.axis(1) == layer.in() && layer.in() > 1;
        return new Magnitude(ofInputs ? scale.require(1, layer.in()) : scale.require(layer.out()), ofInputs);
    }

    /**
     * What each output, or each input, is multiplied by.
     *
     * @param base rows of the layer's weight
     * @param factor how often the difference counts
     */
    double[] factors(Layer layer, BaseRows base, Difference.Rows rows, double factor) {
        int pixels = layer.columns() / layer.in();
        double[] squares = new double[ofInputs ? layer.in() : layer.out()];
        double[] sum = new double[layer.columns()];
        for (int row = 0; row < layer.out(); row++) {
            base.read(row, sum);
            rows.add(row, factor, sum);
            for (int i = 0; i < sum.length; i++) {
                squares[ofInputs ? i / pixels : row] += sum[i] * sum[i];
            }
        }
        for (int i = 0; i < squares.length; i++) {
            squares[i] = lengths.tensor().getFloat(i) / (Math.sqrt(squares[i]) + EPSILON);
        }
        return squares;
    }
}
