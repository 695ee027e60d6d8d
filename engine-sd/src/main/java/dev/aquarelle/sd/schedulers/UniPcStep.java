package dev.aquarelle.sd.schedulers;

import java.util.List;

/**
 * The coefficients of one UniPC step of a given order, from a level to the next (Zhao et al. 2023, arXiv:2302.04867, section 3): the
 * equations that make the predictions' differences cancel the error terms up to the order.
 */
final class UniPcStep {
    private final int order;
    /** Places of the earlier predictions relative to the step, the newest first, and 1 for its end. */
    private final double[] places;

    private final double[] errors;
    private final double ofSample;
    private final double ofPrediction;
    private final double ofDifferences;

    UniPcStep(NoiseLevel[] levels, int index, int order, boolean predictX0, boolean bh1) {
        this.order = order;
        NoiseLevel from = levels[index];
        NoiseLevel to = levels[index + 1];
        double h = to.lambda() - from.lambda();
        double hh = predictX0 ? -h : h;
        double phi1 = StrictMath.expm1(hh);
        double b = bh1 ? hh : phi1;
        double target = predictX0 ? to.signal() : to.noise();
        this.ofSample = predictX0 ? to.noise() / from.noise() : to.signal() / from.signal();
        this.ofPrediction = -target * phi1;
        this.ofDifferences = -target * b;
        this.places = new double[order];
        for (int i = 1; i < order; i++) {
            places[i - 1] = (levels[index - i].lambda() - from.lambda()) / h;
        }
        places[order - 1] = 1;
        this.errors = new double[order];
        double phi = phi1 / hh - 1;
        double factorial = 1;
        for (int i = 1; i <= order; i++) {
            errors[i - 1] = phi * factorial / b;
            factorial *= i + 1;
            phi = phi / hh - 1 / factorial;
        }
    }

    /** @param predictions the latest first, which is that of the step's begin */
    float[] predicted(float[] sample, List<float[]> predictions) {
        Terms terms = Terms.of(ofSample, sample);
        double ofLatest = ofPrediction;
        if (moves()) {
            double[] weights = order == 2 ? new double[] {0.5} : solved(order - 1);
            ofLatest += addDifferences(terms, weights, predictions);
        }
        return terms.plus(ofLatest, predictions.getFirst()).sum();
    }

    /** The same step with the prediction at its end. */
    float[] corrected(float[] sample, List<float[]> predictions, float[] atEnd) {
        Terms terms = Terms.of(ofSample, sample);
        double ofLatest = ofPrediction;
        if (moves()) {
            double[] weights = order == 1 ? new double[] {0.5} : solved(order);
            double ofEnd = ofDifferences * weights[order - 1];
            terms.plus(ofEnd, atEnd);
            ofLatest += addDifferences(terms, weights, predictions) - ofEnd;
        }
        return terms.plus(ofLatest, predictions.getFirst()).sum();
    }

    /** A step from a level to the same one, as some layouts of sigmas end with, changes nothing. */
    private boolean moves() {
        return ofDifferences != 0;
    }

    /** Adds {@code weight (m_i - m_0) / place} for the earlier predictions; the part of m_0 is returned. */
    private double addDifferences(Terms terms, double[] weights, List<float[]> predictions) {
        double ofLatest = 0;
        for (int i = 1; i < order; i++) {
            double weight = ofDifferences * weights[i - 1] / places[i - 1];
            terms.plus(weight, predictions.get(i));
            ofLatest -= weight;
        }
        return ofLatest;
    }

    /** The weights w with {@code sum over k of places[k]^i w[k] = errors[i]} for the first {@code count} of each. */
    private double[] solved(int count) {
        double[][] rows = new double[count][count + 1];
        for (int k = 0; k < count; k++) {
            double power = 1;
            for (int i = 0; i < count; i++) {
                rows[i][k] = power;
                power *= places[k];
            }
            rows[k][count] = errors[k];
        }
        return solve(rows);
    }

    /** Gauss' elimination with the largest pivots. */
    private static double[] solve(double[][] rows) {
        int count = rows.length;
        for (int column = 0; column < count; column++) {
            int pivot = column;
            for (int row = column + 1; row < count; row++) {
                if (Math.abs(rows[row][column]) > Math.abs(rows[pivot][column])) {
                    pivot = row;
                }
            }
            double[] swapped = rows[pivot];
            rows[pivot] = rows[column];
            rows[column] = swapped;
            for (int row = column + 1; row < count; row++) {
                double factor = rows[row][column] / swapped[column];
                for (int i = column; i <= count; i++) {
                    rows[row][i] -= factor * swapped[i];
                }
            }
        }
        double[] solution = new double[count];
        for (int row = count - 1; row >= 0; row--) {
            double sum = rows[row][count];
            for (int i = row + 1; i < count; i++) {
                sum -= rows[row][i] * solution[i];
            }
            solution[row] = sum / rows[row][row];
        }
        return solution;
    }
}
