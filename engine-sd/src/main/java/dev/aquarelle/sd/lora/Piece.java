package dev.aquarelle.sd.lora;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * One tensor of a LoRA file.
 *
 * @param name as in the file
 */
record Piece(Path file, String name, Tensor tensor) {
    /**
     * @throws SafetensorsException if it holds no floating-point numbers
     */
    Piece {
        if (!tensor.dtype().isFloatingPoint()) {
            throw failure(file, name, "a floating-point type", tensor.dtype());
        }
    }

    static SafetensorsException failure(Path file, String name, Object expected, Object found) {
        return new SafetensorsException("%s: expected %s, found %s in %s".formatted(name, expected, found, file));
    }

    SafetensorsException failure(String expected) {
        return failure(file, name, expected, tensor.shape());
    }

    /** The size of an axis, 1 where it has no such axis. */
    int axis(int axis) {
        return axis < tensor.shape().rank() ? tensor.shape().dim(axis) : 1;
    }

    /** The rank that this tensor's outermost axis says. */
    int rank() {
        if (tensor.shape().size() == 0) {
            throw failure("a rank of at least 1");
        }
        return axis(0);
    }

    /** Refuses other axes than these; axes of 1 at the end may be there or not. */
    Piece require(int... dims) {
        int axes = Math.max(dims.length, tensor.shape().rank());
        for (int i = 0; i < axes; i++) {
            if (axis(i) != (i < dims.length ? dims[i] : 1)) {
                int shown = dims.length;
                while (shown > tensor.shape().rank() && dims[shown - 1] == 1) {
                    shown--;
                }
                throw failure(Arrays.toString(Arrays.copyOf(dims, shown)));
            }
        }
        return this;
    }

    /** Its only number. */
    double number() {
        if (tensor.shape().size() != 1) {
            throw failure("one number");
        }
        double number = tensor.dtype().readDouble(tensor.data(), 0);
        if (!Double.isFinite(number)) {
            throw failure(file, name, "a finite number", number);
        }
        return number;
    }

    Matrix matrix(int rows, int columns) {
        return Matrix.of(tensor, rows, columns);
    }
}
