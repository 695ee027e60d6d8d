package dev.aquarelle.ops.graph;

import static dev.aquarelle.ops.graph.ShapeRules.require;
import static dev.aquarelle.ops.graph.ShapeRules.requireBias;
import static dev.aquarelle.ops.graph.ShapeRules.requireTerms;

import dev.aquarelle.core.tensor.Shape;

/** Sums of products: where the time goes. */
public sealed interface ProductOp extends Op {

    /**
     * Two-dimensional cross-correlation, as neural networks call convolution.
     * <pre>
     * x       [N, H, W, C]
     * weight  [O, C / groups, kh, kw]
     * bias    [O]   optional
     * result  [N, H', W', O]   H' = (H + top + bottom - dilation * (kh - 1) - 1) / stride + 1, W' alike
     * </pre>
     */
    record Conv2d(int stride, Padding padding, int dilation, int groups) implements ProductOp {
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
    record Linear() implements ProductOp {
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
    record MatMul() implements ProductOp {
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
    record Attention(int heads, float scale, boolean causal) implements ProductOp {
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

    @Override
    default boolean takes(int operands) {
        return switch (this) {
            case Conv2d _, Linear _ -> operands == 2 || operands == 3;
            case MatMul _ -> operands == 2;
            case Attention _ -> operands == 3;
        };
    }
}
