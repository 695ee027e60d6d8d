package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.random.Generator;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.schedulers.NoiseSource;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/** The border between the engine's layout and that of other engines, in which noise is drawn and files are written. */
public final class Latents {
    private Latents() {}

    /** {@code [N, C, H, W]} as {@code [N, H, W, C]}; a new tensor on the heap. */
    public static Tensor channelsLast(Tensor x) {
        Shape s = x.shape();
        return transposed(x, s.dim(0), s.dim(1), s.dim(2) * s.dim(3)).reshape(s.dim(0), s.dim(2), s.dim(3), s.dim(1));
    }

    /** {@code [N, H, W, C]} as {@code [N, C, H, W]}; a new tensor on the heap. */
    public static Tensor channelsFirst(Tensor x) {
        Shape s = x.shape();
        return transposed(x, s.dim(0), s.dim(1) * s.dim(2), s.dim(3)).reshape(s.dim(0), s.dim(3), s.dim(1), s.dim(2));
    }

    /**
     * Noise for a batch, the samples of which have a generator each, so that a picture does not depend on those beside it. Each draw
     * is in the order of {@code [1, C, H, W]}, as diffusers draws with a list of generators.
     *
     * @param shape {@code [N, H, W, C]}, N as many as there are generators
     */
    public static Tensor noise(List<? extends Generator> generators, Shape shape) {
        int each = Math.toIntExact(shape.size() / shape.dim(0));
        float[] all = new float[each * generators.size()];
        for (int n = 0; n < generators.size(); n++) {
            Tensor drawn = generators.get(n).randn(1, shape.dim(3), shape.dim(1), shape.dim(2));
            System.arraycopy(channelsLast(drawn).toFloatArray(), 0, all, n * each, each);
        }
        return Tensor.of(all, shape.dims());
    }

    /** {@link #noise} as samplers ask for it in their steps. */
    public static NoiseSource source(List<? extends Generator> generators) {
        return shape -> noise(generators, shape);
    }

    /** Tensors of one shape, but for the number of samples, one after the other along the samples; a new tensor on the heap. */
    public static Tensor concatenated(Tensor... parts) {
        int[] dims = parts[0].shape().dims();
        dims[0] = Stream.of(parts).mapToInt(part -> part.shape().dim(0)).sum();
        float[] all = new float[Math.toIntExact(Shape.of(dims).size())];
        int at = 0;
        for (Tensor part : parts) {
            float[] values = part.toFloatArray();
            System.arraycopy(values, 0, all, at, values.length);
            at += values.length;
        }
        return Tensor.of(all, dims);
    }

    /** Two images of one size, the channels of the second behind those of the first; a new tensor on the heap. */
    static Tensor joined(Tensor a, Tensor b) {
        int first = a.shape().last();
        int second = b.shape().last();
        int pixels = Math.toIntExact(a.shape().size() / first);
        float[] left = a.toFloatArray();
        float[] right = b.toFloatArray();
        float[] all = new float[left.length + right.length];
        for (int i = 0; i < pixels; i++) {
            System.arraycopy(left, i * first, all, i * (first + second), first);
            System.arraycopy(right, i * second, all, i * (first + second) + first, second);
        }
        return Tensor.of(all, a.shape().withLast(first + second).dims());
    }

    /** The last samples of a tensor; a view. */
    static Tensor last(Tensor x, int samples) {
        int all = x.shape().dim(0);
        return x.slice(all - samples, all);
    }

    /** A part {@code [N, height, width, C]} of an image {@code [N, H, W, C]}; itself if that is all of it. */
    static Tensor cut(Tensor x, int top, int left, int height, int width) {
        Shape s = x.shape();
        if (height == s.dim(1) && width == s.dim(2)) {
            return x;
        }
        int channels = s.dim(3);
        float[] from = x.toFloatArray();
        float[] to = new float[Math.toIntExact((long) s.dim(0) * height * width * channels)];
        for (int row = 0; row < s.dim(0) * height; row++) {
            int source = (row / height * s.dim(1) + top + row % height) * s.dim(2) + left;
            System.arraycopy(from, source * channels, to, row * width * channels, width * channels);
        }
        return Tensor.of(to, s.dim(0), height, width, channels);
    }

    /** Zeros on the heap. */
    static Tensor zeros(int... dims) {
        return Tensor.of(new float[Math.toIntExact(Shape.of(dims).size())], dims);
    }

    /** A tensor several times, one after the other along the samples; itself if once. */
    static Tensor repeated(Tensor x, int times) {
        return times == 1 ? x : concatenated(Collections.nCopies(times, x).toArray(Tensor[]::new));
    }

    /** {@code [n, rows, columns]} as {@code [n, columns, rows]}. */
    private static Tensor transposed(Tensor x, int n, int rows, int columns) {
        float[] from = x.toFloatArray();
        float[] to = new float[from.length];
        for (int i = 0; i < n; i++) {
            int at = i * rows * columns;
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c++) {
                    to[at + c * rows + r] = from[at + r * columns + c];
                }
            }
        }
        return Tensor.of(to, n, columns, rows);
    }
}
