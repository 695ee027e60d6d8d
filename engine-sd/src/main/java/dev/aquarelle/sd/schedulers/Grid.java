package dev.aquarelle.sd.schedulers;

import java.util.Arrays;

/** Arrays of numbers on a line: the tables of steps are made of them. */
final class Grid {
    private Grid() {}

    /** {@code count} numbers at equal distances from {@code from} to {@code to}, both included; one number is {@code from}. */
    static double[] linspace(double from, double to, int count) {
        double[] values = new double[count];
        double step = count > 1 ? (to - from) / (count - 1) : 0;
        for (int i = 0; i < count; i++) {
            values[i] = i * step + from;
        }
        if (count > 1) {
            values[count - 1] = to;
        }
        return values;
    }

    static double[] reversed(double[] values) {
        double[] reversed = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            reversed[i] = values[values.length - 1 - i];
        }
        return reversed;
    }

    /** To whole numbers, halves to the even one. */
    static double[] rounded(double[] values) {
        return Arrays.stream(values).map(Math::rint).toArray();
    }

    /** To whole numbers, towards zero. */
    static double[] truncated(double[] values) {
        return Arrays.stream(values).map(x -> (double) (long) x).toArray();
    }

    static double[] head(double[] values, int count) {
        return Arrays.copyOf(values, count);
    }

    /** With one more number at the end. */
    static double[] append(double[] values, double last) {
        double[] longer = Arrays.copyOf(values, values.length + 1);
        longer[values.length] = last;
        return longer;
    }

    /** The first number once, all others twice: the steps of the two-call solvers. */
    static double[] doubledAfterTheFirst(double[] values) {
        double[] doubled = new double[2 * values.length - 1];
        for (int i = 0; i < doubled.length; i++) {
            doubled[i] = values[(i + 1) / 2];
        }
        return doubled;
    }

    static float[] toFloat(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    static double[] toDouble(float[] values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }

    /** Each number rounded to the nearest float, as tables stored in single precision are. */
    static double[] roundedToFloat(double[] values) {
        return toDouble(toFloat(values));
    }
}
