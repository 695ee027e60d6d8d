package dev.aquarelle.ops.reference;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.graph.ProductOp;
import org.jspecify.annotations.Nullable;

/** {@link ProductOp.Conv2d}, pixel by pixel. */
final class Convolution {
    private Convolution() {}

    static Dense conv2d(
            ProductOp.Conv2d op, Dense x, Dense weight, @Nullable Dense bias, Shape resultShape, Cancellation stop) {
        Dense result = Dense.of(resultShape);
        int channels = weight.shape.dim(1); // of one group, as outChannels
        int outChannels = weight.shape.dim(0) / op.groups();
        float[] taps = channelsLast(weight, op.groups());
        double[] sums = new double[outChannels];
        int at = 0;
        for (int n = 0; n < resultShape.dim(0); n++) {
            for (int row = 0; row < resultShape.dim(1); row++) {
                stop.check();
                for (int column = 0; column < resultShape.dim(2); column++) {
                    for (int group = 0; group < op.groups(); group++) {
                        for (int o = 0; o < outChannels; o++) {
                            sums[o] = bias == null ? 0 : bias.values[group * outChannels + o];
                        }
                        addPixel(op, x, n, row, column, group, channels, taps, weight.shape, sums);
                        for (int o = 0; o < outChannels; o++) {
                            result.values[at++] = (float) sums[o];
                        }
                    }
                }
            }
        }
        return result;
    }

    /** Adds what all taps of the kernel, where they meet the image, contribute to one pixel's channels of one group. */
    private static void addPixel(
            ProductOp.Conv2d op,
            Dense x,
            int n,
            int row,
            int column,
            int group,
            int channels,
            float[] taps,
            Shape weight,
            double[] sums) {
        for (int ky = 0; ky < weight.dim(2); ky++) {
            int y = row * op.stride() - op.padding().top() + ky * op.dilation();
            for (int kx = 0; kx < weight.dim(3); kx++) {
                int xx = column * op.stride() - op.padding().left() + kx * op.dilation();
                if (y < 0 || y >= x.shape.dim(1) || xx < 0 || xx >= x.shape.dim(2)) {
                    continue;
                }
                int pixel = ((n * x.shape.dim(1) + y) * x.shape.dim(2) + xx) * x.shape.last() + group * channels;
                int tap = ((group * weight.dim(2) + ky) * weight.dim(3) + kx) * channels * sums.length;
                for (int c = 0; c < channels; c++) {
                    Products.addScaled(sums, x.values[pixel + c], taps, tap + c * sums.length);
                }
            }
        }
    }

    /** Weight [groups * O, C, kh, kw] as [groups, kh, kw, C, O], so that the innermost loop runs over neighbors. */
    private static float[] channelsLast(Dense weight, int groups) {
        int outChannels = weight.shape.dim(0) / groups;
        int channels = weight.shape.dim(1);
        int area = weight.shape.dim(2) * weight.shape.dim(3);
        float[] taps = new float[weight.values.length];
        int from = 0;
        for (int group = 0; group < groups; group++) {
            for (int o = 0; o < outChannels; o++) {
                for (int c = 0; c < channels; c++) {
                    for (int k = 0; k < area; k++) {
                        taps[((group * area + k) * channels + c) * outChannels + o] = weight.values[from++];
                    }
                }
            }
        }
        return taps;
    }
}
