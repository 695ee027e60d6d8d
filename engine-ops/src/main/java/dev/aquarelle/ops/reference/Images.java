package dev.aquarelle.ops.reference;

import dev.aquarelle.core.tensor.Shape;

/** Resizing of images [N, H, W, C]. */
final class Images {
    private Images() {}

    static Dense upsampleNearest(Dense x, Shape resultShape) {
        Dense result = Dense.of(resultShape);
        int channels = x.shape.last();
        int at = 0;
        for (int n = 0; n < resultShape.dim(0); n++) {
            for (int row = 0; row < resultShape.dim(1); row++) {
                int y = nearest(row, x.shape.dim(1), resultShape.dim(1));
                for (int column = 0; column < resultShape.dim(2); column++) {
                    int xx = nearest(column, x.shape.dim(2), resultShape.dim(2));
                    int pixel = ((n * x.shape.dim(1) + y) * x.shape.dim(2) + xx) * channels;
                    System.arraycopy(x.values, pixel, result.values, at, channels);
                    at += channels;
                }
            }
        }
        return result;
    }

    private static int nearest(int position, int from, int to) {
        return (int) ((long) position * from / to);
    }

    static Dense averagePool2(Dense x, Shape resultShape) {
        Dense result = Dense.of(resultShape);
        int right = x.stride(2);
        int below = x.stride(1);
        int at = 0;
        for (int n = 0; n < resultShape.dim(0); n++) {
            for (int row = 0; row < resultShape.dim(1); row++) {
                for (int column = 0; column < resultShape.dim(2); column++) {
                    for (int c = 0; c < resultShape.last(); c++) {
                        int i = n * x.stride(0) + 2 * row * below + 2 * column * right + c;
                        double sum = (double) x.values[i]
                                + x.values[i + right]
                                + x.values[i + below]
                                + x.values[i + below + right];
                        result.values[at++] = (float) (sum / 4);
                    }
                }
            }
        }
        return result;
    }
}
