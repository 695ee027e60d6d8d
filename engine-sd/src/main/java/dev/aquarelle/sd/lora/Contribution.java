package dev.aquarelle.sd.lora;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What one file adds to a layer's weight W: {@code inside * D}, or with DoRA
 * {@code outside * (lengths / |W + inside * D| * (W + inside * D) - W)}.
 *
 * <p>DoRA's authors do not say what a strength other than 1 means. PEFT, whose tensors bear a name of their own, puts it inside; LyCORIS's
 * files are read by the programs they are for with the strength outside, so that 0 is the model itself.
 */
record Contribution(
        Layer layer, Difference difference, @Nullable Magnitude magnitude, double inside, double outside) {

    static Contribution of(LoraModule module, Layer layer, double weight) {
        Magnitude magnitude = Magnitude.of(module, layer);
        boolean isOutside = magnitude != null && module.find(Role.MAGNITUDE) == null;
        return new Contribution(
                layer, Difference.of(module, layer), magnitude, isOutside ? 1 : weight, isOutside ? weight : 1);
    }

    /** Whether two thin matrices beside the layer's weight can stand for it. */
    boolean isLowRank() {
        return magnitude == null && layer.isProduct() && difference instanceof Difference.LowRank;
    }

    /** The sum of what it adds, ready to be computed: {@code into += factor * this[row]}. */
    Difference.Rows rows(BaseRows base) {
        Difference.Rows rows = difference.rows();
        if (magnitude == null) {
            return (row, factor, into) -> rows.add(row, factor * inside, into);
        }
        double[] factors = magnitude.factors(layer, base, rows, inside);
        int pixels = layer.columns() / layer.in();
        return (row, factor, into) -> {
            double[] own = new double[into.length];
            base.read(row, own);
            double[] changed = Arrays.copyOf(own, own.length);
            rows.add(row, inside, changed);
            for (int i = 0; i < into.length; i++) {
                double length = factors[magnitude.ofInputs() ? i / pixels : row];
                into[i] += factor * outside * (length * changed[i] - own[i]);
            }
        };
    }
}
