package dev.aquarelle.ops.graph;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;

/**
 * The vocabulary of the engine: each operation is a record of its attributes, with its meaning in the docstring and its shape rule
 * in {@link #resultShape}, once for all backends. A backend is a {@code switch} over these without {@code default}.
 *
 * <p>Letters are the same everywhere: N batch, C channels, H W image, L queries, S keys, D width of a head; M N K in products only.
 * Activations are F32, channels last; constant operands (weights) may be of any floating-point type and are widened exactly, but F64 is
 * rounded to F32. Sums are accumulated in float32 or wider. No operation mixes the samples of a batch, and a sample's result does not
 * depend on the size of the batch.
 */
public sealed interface Op {

    /**
     * The shape of the result for operands of the given shapes.
     *
     * @throws TensorException if the operands do not fit each other or the attributes; the message names the operation
     */
    Shape resultShape(Shape... in);

    /** The operation's name as in messages and profiles: {@code groupNorm}. */
    default String label() {
        String name = getClass().getSimpleName();
        return Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }

    /** Floating-point operations of one execution, a multiply-add counted as two; an estimate for element-wise operations. */
    default long flops(Shape result, Shape... in) {
        return result.size();
    }

    /** A tensor given at each run. */
    record Input(String name, Shape shape) implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            return shape;
        }
    }

    /**
     * A tensor known when the graph is built, a weight mostly; not copied.
     *
     * @param name its name in the checkpoint, for messages and prints
     */
    record Constant(String name, Tensor tensor) implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            return tensor.shape();
        }
    }

    /** The same numbers in another shape of equal size; no work at run time. */
    record Reshape(Shape shape) implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            require(in[0].size() == shape.size(), "reshape: %s does not hold as many numbers as %s", in[0], shape);
            return shape;
        }
    }

    /**
     * Two-dimensional cross-correlation, as neural networks call convolution.
     * <pre>
     * x       [N, H, W, C]
     * weight  [O, C / groups, kh, kw]
     * bias    [O]   optional
     * result  [N, H', W', O]   H' = (H + top + bottom - dilation * (kh - 1) - 1) / stride + 1, W' alike
     * </pre>
     */
    record Conv2d(int stride, Padding padding, int dilation, int groups) implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            Shape x = in[0];
            Shape weight = in[1];
            require(
                    x.rank() == 4 && weight.rank() == 4,
                    "conv2d: x is %s, weight %s, expected four axes each",
                    x,
                    weight);
            require(
                    stride > 0 && dilation > 0 && groups > 0,
                    "conv2d: stride, dilation and groups must be positive: %s",
                    this);
            require(weight.dim(2) > 0 && weight.dim(3) > 0, "conv2d: the kernel of weight %s is empty", weight);
            require(
                    x.last() == (long) weight.dim(1) * groups && weight.dim(0) % groups == 0,
                    "conv2d: x %s does not fit weight %s in %d groups",
                    x,
                    weight,
                    groups);
            requireTerms("conv2d", weight, weight.dim(1));
            long taps = (long) weight.dim(2) * weight.dim(3);
            require(
                    taps <= Integer.MAX_VALUE / weight.dim(1),
                    "conv2d: weight %s sums more than 2^31 - 1 products for a number",
                    weight);
            requireBias("conv2d", in, weight.dim(0));
            long height = extent((long) x.dim(1) + padding.top() + padding.bottom(), weight.dim(2));
            long width = extent((long) x.dim(2) + padding.left() + padding.right(), weight.dim(3));
            require(
                    height > 0 && width > 0,
                    "conv2d: x %s with %s is smaller than the kernel of weight %s",
                    x,
                    padding,
                    weight);
            require(Math.max(height, width) <= Integer.MAX_VALUE, "conv2d: x %s with %s is too large", x, padding);
            return Shape.of(x.dim(0), (int) height, (int) width, weight.dim(0));
        }

        private long extent(long padded, int kernel) {
            long span = padded - dilation * (kernel - 1L) - 1;
            return span < 0 ? 0 : span / stride + 1;
        }

        @Override
        public long flops(Shape result, Shape... in) {
            return 2 * result.size() * in[1].dim(1) * in[1].dim(2) * in[1].dim(3);
        }
    }

    /**
     * {@code x @ weight^T + bias} over the innermost axis.
     * <pre>
     * x       [..., K]
     * weight  [N, K]
     * bias    [N]   optional
     * result  [..., N]
     * </pre>
     */
    record Linear() implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            require(
                    in[0].rank() > 0 && in[1].rank() == 2 && in[0].last() == in[1].dim(1),
                    "linear: x %s does not fit weight %s",
                    in[0],
                    in[1]);
            requireTerms("linear", in[0], in[1].dim(1));
            requireBias("linear", in, in[1].dim(0));
            return in[0].withLast(in[1].dim(0));
        }

        @Override
        public long flops(Shape result, Shape... in) {
            return 2 * result.size() * in[1].dim(1);
        }
    }

    /** Batched product {@code a @ b}: [B, M, K] and [B, K, N] give [B, M, N]; B may be absent from both. */
    record MatMul() implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            Shape a = in[0];
            Shape b = in[1];
            boolean batched = a.rank() == 3 && b.rank() == 3 && a.dim(0) == b.dim(0);
            require(
                    (batched || a.rank() == 2 && b.rank() == 2) && a.dim(-1) == b.dim(-2),
                    "matMul: %s does not fit %s",
                    a,
                    b);
            requireTerms("matMul", a, a.last());
            return a.withLast(b.last());
        }

        @Override
        public long flops(Shape result, Shape... in) {
            return 2 * result.size() * in[0].last();
        }
    }

    /**
     * Group normalization (arXiv:1803.08494): each group of channels of a sample to mean 0 and (biased) variance 1, then
     * {@code * weight + bias} per channel.
     * <pre>
     * x             [N, ..., C]   C a multiple of groups
     * weight, bias  [C]
     * result        as x
     * </pre>
     *
     * @param epsilon added to the variance; 1e-5 in the U-Net, 1e-6 in the VAE
     */
    record GroupNorm(int groups, float epsilon) implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            Shape x = in[0];
            require(x.rank() >= 2, "groupNorm: x is %s, expected [N, ..., C]", x);
            require(
                    groups > 0 && x.last() % groups == 0,
                    "groupNorm: %d channels do not divide into %d groups (x is %s)",
                    x.last(),
                    groups,
                    x);
            requirePerChannel("groupNorm", in, x.last());
            return x;
        }

        @Override
        public long flops(Shape result, Shape... in) {
            return 7 * result.size();
        }
    }

    /**
     * Layer normalization (arXiv:1607.06450): each row of the innermost axis to mean 0 and (biased) variance 1, then
     * {@code * weight + bias}; weight [C] and bias [C] come together or not at all.
     *
     * @param epsilon added to the variance
     */
    record LayerNorm(float epsilon) implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            require(in[0].rank() > 0, "layerNorm: x is %s, expected [..., C]", in[0]);
            if (in.length > 1) {
                requirePerChannel("layerNorm", in, in[0].last());
            }
            return in[0];
        }

        @Override
        public long flops(Shape result, Shape... in) {
            return 7 * result.size();
        }
    }

    /**
     * Scaled dot-product attention (arXiv:1706.03762) over heads that lie side by side in the innermost axis:
     * {@code softmax(q k^T * scale) v} for each head.
     * <pre>
     * q       [N, L, heads * D]
     * k       [N, S, heads * D]
     * v       [N, S, heads * E]
     * result  [N, L, heads * E]
     * </pre>
     *
     * <p>A key that a query does not see has weight 0, which is no wall: NaN or an infinity in the value of such a key may reach the query
     * as 0 times it.
     *
     * @param scale positive and finite, usually {@code 1 / sqrt(D)}
     * @param causal whether query i sees the keys 0 to i alone
     */
    record Attention(int heads, float scale, boolean causal) implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            Shape q = in[0];
            Shape k = in[1];
            Shape v = in[2];
            require(
                    q.rank() == 3
                            && k.rank() == 3
                            && v.rank() == 3
                            && q.dim(0) == k.dim(0)
                            && k.dim(0) == v.dim(0)
                            && k.dim(1) == v.dim(1)
                            && q.last() == k.last(),
                    "attention: q %s, k %s and v %s do not fit each other",
                    q,
                    k,
                    v);
            require(
                    heads > 0 && q.last() % heads == 0 && v.last() % heads == 0,
                    "attention: q %s or v %s does not divide into %d heads",
                    q,
                    v,
                    heads);
            require(k.dim(1) > 0, "attention: there are no keys (k is %s)", k);
            require(q.last() > 0, "attention: heads of width 0 have no scores (q is %s)", q);
            require(
                    scale > 0 && Float.isFinite(scale),
                    "attention: expected a positive, finite scale, found %s",
                    scale);
            return q.withLast(v.last());
        }

        @Override
        public long flops(Shape result, Shape... in) {
            return 2 * (in[0].size() + result.size()) * in[1].dim(1);
        }
    }

    /** {@link Activation} of each element. */
    record Activate(Activation function) implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            return in[0];
        }

        @Override
        public String label() {
            return function.name().toLowerCase(java.util.Locale.ROOT);
        }

        @Override
        public long flops(Shape result, Shape... in) {
            return 10 * result.size();
        }
    }

    /** Gated GELU (arXiv:2002.05202): of x [..., 2 D], the first half times the exact GELU of the second; [..., D]. */
    record GeGlu() implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            require(in[0].rank() > 0 && in[0].last() % 2 == 0, "geGlu: x is %s, expected [..., 2 D]", in[0]);
            return in[0].withLast(in[0].last() / 2);
        }

        @Override
        public long flops(Shape result, Shape... in) {
            return 12 * result.size();
        }
    }

    /** {@code exp(x - max) / sum} over each row of the innermost axis; minus infinity counts as 0. */
    record Softmax() implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            require(in[0].rank() > 0 && in[0].last() > 0, "softmax: x is %s, expected rows that are not empty", in[0]);
            return in[0];
        }

        @Override
        public long flops(Shape result, Shape... in) {
            return 10 * result.size();
        }
    }

    /** {@code a + b}; the axes of b are all of a's or its innermost ones, and b repeats over the others. */
    record Add() implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            requireSuffix("add", in[0], in[1]);
            return in[0];
        }
    }

    /** {@code a * b} element by element, b repeating as in {@link Add}. */
    record Multiply() implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            requireSuffix("multiply", in[0], in[1]);
            return in[0];
        }
    }

    /** x [N, ..., C] plus one vector a sample [N, C], at every position: the time embedding in a residual block. */
    record AddPerChannel() implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            Shape x = in[0];
            require(
                    x.rank() >= 2 && in[1].equals(Shape.of(x.dim(0), x.last())),
                    "addPerChannel: x is %s, so the vectors must be [N, C], found %s",
                    x,
                    in[1]);
            return x;
        }
    }

    /** {@code x * factor + offset} for each element, rounded once. */
    record Scale(float factor, float offset) implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            return in[0];
        }
    }

    /** Nearest-neighbor resize of [N, H, W, C]: result row y is row {@code floor(y * H / height)}, columns alike. */
    record UpsampleNearest(int height, int width) implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            require(
                    in[0].rank() == 4 && in[0].dim(1) > 0 && in[0].dim(2) > 0 && height > 0 && width > 0,
                    "upsampleNearest: cannot make %s %d x %d",
                    in[0],
                    height,
                    width);
            return Shape.of(in[0].dim(0), height, width, in[0].last());
        }
    }

    /** Mean of each 2 x 2 square of [N, H, W, C]; an odd last row or column is dropped. */
    record AveragePool2() implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            require(in[0].rank() == 4 && in[0].dim(1) > 1 && in[0].dim(2) > 1, "averagePool2: %s is too small", in[0]);
            return Shape.of(in[0].dim(0), in[0].dim(1) / 2, in[0].dim(2) / 2, in[0].last());
        }
    }

    /** The operands one after the other along an axis (counted from the outermost, 0); all other axes are equal. */
    record Concat(int axis) implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            require(axis >= 0 && axis < in[0].rank(), "concat: %s has no axis %d", in[0], axis);
            int[] dims = in[0].dims();
            for (int i = 1; i < in.length; i++) {
                int[] other = in[i].dims();
                require(other.length == dims.length, "concat: %s and %s differ in rank", in[0], in[i]);
                for (int a = 0; a < dims.length; a++) {
                    require(
                            a == axis || other[a] == in[0].dim(a),
                            "concat along axis %d: %s and %s differ elsewhere",
                            axis,
                            in[0],
                            in[i]);
                }
                require(
                        other[axis] <= Integer.MAX_VALUE - dims[axis],
                        "concat: axis %d of %s and %s gets too long",
                        axis,
                        in[0],
                        in[i]);
                dims[axis] += other[axis];
            }
            return Shape.of(dims);
        }
    }

    /** The positions {@code from} (inclusive) to {@code to} (exclusive) of one axis (counted from the outermost, 0). */
    record Slice(int axis, int from, int to) implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            require(
                    axis >= 0 && axis < in[0].rank() && from >= 0 && from < to && to <= in[0].dim(axis),
                    "slice: %s has no positions %d to %d in axis %d",
                    in[0],
                    from,
                    to,
                    axis);
            int[] dims = in[0].dims();
            dims[axis] = to - from;
            return Shape.of(dims);
        }
    }

    /** Rows of a table [V, C] by I32 ids [...]: [..., C]. An id outside of the table fails the run with its value. */
    record Embedding() implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            require(in[1].rank() == 2, "embedding: the table is %s, expected [V, C]", in[1]);
            int[] dims = java.util.Arrays.copyOf(in[0].dims(), in[0].rank() + 1);
            dims[in[0].rank()] = in[1].last();
            return Shape.of(dims);
        }
    }

    /** One row of each sample: x [N, L, C] and I32 positions [N] give [N, C]. A position outside fails the run. */
    record SelectRows() implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            require(
                    in[0].rank() == 3 && in[1].equals(Shape.of(in[0].dim(0))),
                    "selectRows: positions %s do not fit %s",
                    in[1],
                    in[0]);
            return Shape.of(in[0].dim(0), in[0].last());
        }
    }

    /**
     * Sinusoids of each timestep (arXiv:2006.11239, as diffusers' {@code get_timestep_embedding}): timesteps [N] give [N, dim].
     * With {@code half = dim / 2} and {@code w_i = exp(-ln(maxPeriod) * i / (half - freqShift))}: the sines of {@code t w_i}, then
     * the cosines; an odd dim ends with 0.
     *
     * @param flipSinToCos cosines first, as in Stable Diffusion
     * @param freqShift 0 in Stable Diffusion
     */
    record TimestepEmbedding(int dim, boolean flipSinToCos, float freqShift, float maxPeriod) implements Op {
        @Override
        public Shape resultShape(Shape... in) {
            require(in[0].rank() == 1, "timestepEmbedding: timesteps are %s, expected [N]", in[0]);
            int half = dim / 2;
            require(
                    dim > 0 && freqShift != half,
                    "timestepEmbedding: no frequencies for dim %d and shift %s",
                    dim,
                    freqShift);
            return Shape.of(in[0].dim(0), dim);
        }
    }

    /** Whether it takes that many operands; inputs and constants take none and are not added as operations. */
    default boolean takes(int operands) {
        return switch (this) {
            case Input _, Constant _ -> false;
            case Reshape _,
                    Activate _,
                    GeGlu _,
                    Softmax _,
                    Scale _,
                    UpsampleNearest _,
                    AveragePool2 _,
                    Slice _,
                    TimestepEmbedding _ -> operands == 1;
            case MatMul _, Add _, Multiply _, AddPerChannel _, Embedding _, SelectRows _ -> operands == 2;
            case GroupNorm _, Attention _ -> operands == 3;
            case Conv2d _, Linear _ -> operands == 2 || operands == 3;
            case LayerNorm _ -> operands == 1 || operands == 3;
            case Concat _ -> operands > 0;
        };
    }

    /** Whether operand {@code index} holds indices, which are I32; all others are floating point. */
    default boolean isIndex(int index) {
        return this instanceof Embedding && index == 0 || this instanceof SelectRows && index == 1;
    }

    /** The type of the result: F32, but a {@link Constant} has its own; that of an {@link Input} is given to the {@link Graph}. */
    default DType resultType() {
        return this instanceof Constant constant ? constant.tensor().dtype() : DType.F32;
    }

    private static void requireTerms(String who, Shape operand, int terms) {
        require(terms > 0, "%s: %s leaves nothing to sum over", who, operand);
    }

    private static void requireBias(String who, Shape[] in, int channels) {
        require(
                in.length < 3 || in[2].equals(Shape.of(channels)),
                "%s: bias expected [%d], found %s",
                who,
                channels,
                in.length < 3 ? "none" : in[2]);
    }

    private static void requirePerChannel(String who, Shape[] in, int channels) {
        Shape expected = Shape.of(channels);
        require(
                in.length == 3 && in[1].equals(expected) && in[2].equals(expected),
                "%s: weight and bias expected %s each, found %s",
                who,
                expected,
                java.util.Arrays.asList(in).subList(1, in.length));
    }

    private static void requireSuffix(String who, Shape a, Shape b) {
        boolean fits = b.rank() <= a.rank();
        for (int i = 1; fits && i <= b.rank(); i++) {
            fits = a.dim(-i) == b.dim(-i);
        }
        require(fits, "%s: the axes of %s are not the innermost axes of %s", who, b, a);
    }

    private static void require(boolean condition, String message, Object... arguments) {
        if (!condition) {
            throw new TensorException(message.formatted(arguments));
        }
    }
}
