package dev.aquarelle.cli.conformance;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;

/** Golden images and latents are {@code [N, C, H, W]}, the engine's are {@code [N, H, W, C]}: the border between them. */
public final class Nchw {
    private Nchw() {}

    /** A copy of a golden {@code [N, C, H, W]} as F32 {@code [N, H, W, C]}. */
    public static Tensor toNhwc(Tensor nchw) {
        Shape shape = fourAxes(nchw);
        int n = shape.dim(0);
        int c = shape.dim(1);
        int plane = shape.dim(2) * shape.dim(3);
        return Tensor.of(swapInner(nchw.toFloatArray(), n, c, plane), n, shape.dim(2), shape.dim(3), c);
    }

    /** A copy of the engine's {@code [N, H, W, C]} as F32 {@code [N, C, H, W]}. */
    public static Tensor fromNhwc(Tensor nhwc) {
        Shape shape = fourAxes(nhwc);
        int n = shape.dim(0);
        int c = shape.dim(3);
        int plane = shape.dim(1) * shape.dim(2);
        return Tensor.of(swapInner(nhwc.toFloatArray(), n, plane, c), n, c, shape.dim(1), shape.dim(2));
    }

    private static float[] swapInner(float[] in, int samples, int rows, int columns) {
        float[] out = new float[in.length];
        for (int n = 0; n < samples; n++) {
            int base = n * rows * columns;
            for (int row = 0; row < rows; row++) {
                for (int column = 0; column < columns; column++) {
                    out[base + column * rows + row] = in[base + row * columns + column];
                }
            }
        }
        return out;
    }

    private static Shape fourAxes(Tensor tensor) {
        if (tensor.shape().rank() != 4) {
            throw new TensorException("expected an image of four axes, found " + tensor);
        }
        return tensor.shape();
    }
}
