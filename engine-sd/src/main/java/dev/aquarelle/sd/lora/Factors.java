package dev.aquarelle.sd.lora;

import org.jspecify.annotations.Nullable;

/**
 * A matrix as a product of two thin ones: {@code left @ right}, or of three in a Tucker decomposition, whose core has the pixels of the
 * window. As LyCORIS stores them:
 * <pre>
 *         left         right            core
 * plain   [rows, rank] [rank, columns]
 * Tucker  [rank, rows] [rank, in]       [rank, rank, height, width]
 * </pre>
 */
record Factors(Piece left, Piece right, @Nullable Piece core) {

    int rank() {
        return right.rank();
    }

    /** Refuses factors whose product has not so many rows, and columns for {@code in} inputs and the pixels of the layer's window. */
    Factors require(int rows, int in, Layer layer) {
        int rank = rank();
        if (core == null) {
            left.require(rows, rank);
            right.require(rank, in * layer.height() * layer.width());
        } else {
            left.require(rank, rows);
            right.require(rank, in);
            core.require(rank, rank, layer.height(), layer.width());
        }
        return this;
    }

    /** [rows, rank]. */
    Matrix leftMatrix() {
        return core == null
                ? left.matrix(left.axis(0), left.axis(1))
                : left.matrix(left.axis(0), left.axis(1)).transposed();
    }

    /** [rank, columns]. */
    Matrix rightMatrix() {
        return core == null ? right.matrix(right.axis(0), right.axis(1)) : joined(core, right);
    }

    Matrix product() {
        return leftMatrix().times(rightMatrix());
    }

    /** The inner two of the three: core [rank, rank, height, width] and right [rank, in, 1, 1] give [rank, in * height * width]. */
    static Matrix joined(Piece core, Piece right) {
        int rank = core.axis(0);
        int inner = core.axis(1);
        int pixels = core.axis(2) * core.axis(3);
        int in = right.axis(1);
        Matrix inputs = right.matrix(inner, in);
        float[] numbers = core.tensor().toFloatArray();
        double[] joined = new double[Math.multiplyExact(rank, Math.multiplyExact(in, pixels))];
        for (int i = 0; i < rank; i++) {
            for (int r = 0; r < in; r++) {
                for (int pixel = 0; pixel < pixels; pixel++) {
                    double sum = 0;
                    for (int j = 0; j < inner; j++) {
                        sum += numbers[(i * inner + j) * pixels + pixel] * inputs.at(j, r);
                    }
                    joined[(i * in + r) * pixels + pixel] = sum;
                }
            }
        }
        return new Matrix(rank, in * pixels, joined);
    }
}
