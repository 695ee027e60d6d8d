package dev.aquarelle.sd.lora;

import dev.aquarelle.core.tensor.Tensor;
import java.util.Arrays;

/** Rows of numbers, for the small products that the difference of a weight is made of. Sums are in double. */
final class Matrix {
    private final int rows;
    private final int columns;
    private final double[] values;

    /**
     * @param values row by row; not copied
     */
    Matrix(int rows, int columns, double[] values) {
        this.rows = rows;
        this.columns = columns;
        this.values = values;
    }

    int rows() {
        return rows;
    }

    int columns() {
        return columns;
    }

    double at(int row, int column) {
        return values[row * columns + column];
    }

    /** A tensor seen as rows and columns. */
    static Matrix of(Tensor tensor, int rows, int columns) {
        float[] floats = tensor.toFloatArray();
        double[] values = new double[floats.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = floats[i];
        }
        return new Matrix(rows, columns, values);
    }

    Matrix transposed() {
        double[] turned = new double[values.length];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                turned[c * rows + r] = values[r * columns + c];
            }
        }
        return new Matrix(columns, rows, turned);
    }

    /** {@code into += factor * this[row]}, from a position of {@code into} on. */
    void addRow(int row, double factor, double[] into, int at) {
        int from = row * columns;
        for (int c = 0; c < columns; c++) {
            into[at + c] += factor * values[from + c];
        }
    }

    /** {@code into += factor * (this @ right)[row]}. */
    void addProductRow(int row, Matrix right, double factor, double[] into) {
        for (int k = 0; k < columns; k++) {
            right.addRow(k, factor * values[row * columns + k], into, 0);
        }
    }

    Matrix times(Matrix right) {
        double[] product = new double[Math.multiplyExact(rows, right.columns)];
        double[] line = new double[right.columns];
        for (int r = 0; r < rows; r++) {
            Arrays.fill(line, 0);
            addProductRow(r, right, 1, line);
            System.arraycopy(line, 0, product, r * right.columns, right.columns);
        }
        return new Matrix(rows, right.columns, product);
    }
}
