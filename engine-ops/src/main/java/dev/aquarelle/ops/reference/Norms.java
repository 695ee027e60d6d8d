package dev.aquarelle.ops.reference;

import dev.aquarelle.ops.graph.NormOp;
import org.jspecify.annotations.Nullable;

/** Normalizations, in two passes: the variance is that of the differences from the mean, so a large mean costs no digits. */
final class Norms {
    private Norms() {}

    static Dense groupNorm(NormOp.GroupNorm op, Dense x, Dense weight, Dense bias) {
        Dense result = Dense.of(x.shape);
        int channels = x.shape.last();
        int width = channels / op.groups();
        int samples = x.shape.dim(0);
        int positions = samples * channels == 0 ? 0 : x.values.length / samples / channels;
        for (int n = 0; n < samples; n++) {
            for (int group = 0; group < op.groups(); group++) {
                int start = n * positions * channels + group * width;
                normalize(x, start, positions, channels, width, op.epsilon(), group * width, weight, bias, result);
            }
        }
        return result;
    }

    static Dense layerNorm(NormOp.LayerNorm op, Dense x, @Nullable Dense weight, @Nullable Dense bias) {
        Dense result = Dense.of(x.shape);
        int channels = x.shape.last();
        for (int start = 0; start < x.values.length; start += channels) {
            normalize(x, start, 1, channels, channels, op.epsilon(), 0, weight, bias, result);
        }
        return result;
    }

    /**
     * Normalizes {@code rows} rows of {@code width} neighbors, {@code stride} apart, as one set of numbers.
     *
     * @param channel the first one, for weight and bias
     */
    private static void normalize(
            Dense x,
            int start,
            int rows,
            int stride,
            int width,
            float epsilon,
            int channel,
            @Nullable Dense weight,
            @Nullable Dense bias,
            Dense result) {
        double sum = 0;
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < width; i++) {
                sum += x.values[start + row * stride + i];
            }
        }
        double count = (double) rows * width;
        double mean = sum / count;
        double squares = 0;
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < width; i++) {
                double difference = x.values[start + row * stride + i] - mean;
                squares += difference * difference;
            }
        }
        double deviation = Math.sqrt(squares / count + epsilon);
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < width; i++) {
                int at = start + row * stride + i;
                double scale = weight == null ? 1 : weight.values[channel + i];
                double shift = bias == null ? 0 : bias.values[channel + i];
                result.values[at] = (float) ((x.values[at] - mean) / deviation * scale + shift);
            }
        }
    }

    static Dense softmax(Dense x) {
        Dense result = Dense.of(x.shape);
        double[] row = new double[x.shape.last()];
        for (int start = 0; start < x.values.length; start += row.length) {
            for (int i = 0; i < row.length; i++) {
                row[i] = x.values[start + i];
            }
            softmax(row, row.length);
            for (int i = 0; i < row.length; i++) {
                result.values[start + i] = (float) row[i];
            }
        }
        return result;
    }

    /** Softmax of the first {@code count} numbers, in place. */
    static void softmax(double[] row, int count) {
        double max = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            max = Math.max(max, row[i]);
        }
        double sum = 0;
        for (int i = 0; i < count; i++) {
            row[i] = StrictMath.exp(row[i] - max);
            sum += row[i];
        }
        for (int i = 0; i < count; i++) {
            row[i] /= sum;
        }
    }
}
