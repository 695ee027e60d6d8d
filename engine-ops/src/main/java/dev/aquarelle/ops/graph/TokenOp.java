package dev.aquarelle.ops.graph;

import static dev.aquarelle.ops.graph.ShapeRules.require;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;

/**
 * Tokens that are alike are averaged before a costly operation and copied back behind it: token merging (Bolya and Hoffman,
 * arXiv:2303.17604). What says where each token goes is a tensor of I32 places {@code [N, L]}.
 */
public sealed interface TokenOp extends Op {

    /** Of a square of tokens, 2 x 2, the first one stays. */
    int SQUARE = 2;

    /**
     * Finds, for an image of tokens, which of them go together, by bipartite soft matching without randomness: the first token of
     * each 2 x 2 square stays, each other one has its cosine similarity with all that stay computed and chooses the most similar, and those
     * whose choice is the most similar, {@code merged} of them, are merged with it. Of equals, the token that comes first is chosen.
     * <pre>
     * x       [N, height * width, C]   row by row
     * result  [N, height * width]      I32: the place of each token among those that are left, which keep their order
     * </pre>
     *
     * <p>A token of zeros is as similar as 0 to all. A similarity that is NaN is below all others. Where two similarities differ by
     * rounding only, backends may differ in their choice.
     *
     * @param merged how many tokens are merged with others, 0 to {@link #movable}
     */
    record MatchTokens(int height, int width, int merged) implements TokenOp {
        private static final long MOST = 1 << 24;

        /** How many tokens of an image may be merged with others: all but the first ones of whole squares, none if there are no squares. */
        public static int movable(int height, int width) {
            int squares = (height / SQUARE) * (width / SQUARE);
            return squares == 0 ? 0 : height * width - squares;
        }

        @Override
        public Shape resultShape(Shape... in) {
            Shape x = in[0];
            long tokens = (long) height * width;
            require(
                    x.rank() == 3 && height > 0 && width > 0 && x.dim(1) == tokens && x.last() > 0,
                    "matchTokens: %s are no %d x %d tokens",
                    x,
                    height,
                    width);
            require(tokens <= MOST, "matchTokens: expected at most %d tokens, found %s", MOST, x);
            require(
                    merged >= 0 && merged <= movable(height, width),
                    "matchTokens: expected to merge 0 to %d of %d x %d tokens, found %d",
                    movable(height, width),
                    height,
                    width,
                    merged);
            return Shape.of(x.dim(0), x.dim(1));
        }

        /** How many tokens are left. */
        public int left() {
            return height * width - merged;
        }

        @Override
        public long flops(Shape result, Shape... in) {
            long squares = (long) (height / SQUARE) * (width / SQUARE);
            return 2L * in[0].dim(0) * in[0].last() * squares * (result.dim(1) - squares) + in[0].size();
        }
    }

    /**
     * The mean of the tokens that go to each place: x {@code [N, L, C]} and places {@code [N, L]} give {@code [N, tokens, C]}. Tokens are
     * added up in their order; a place to which none goes is 0. A place outside of the result fails the run with its value.
     */
    record MergeTokens(int tokens) implements TokenOp {
        @Override
        public Shape resultShape(Shape... in) {
            requirePlaces("mergeTokens", in);
            require(
                    in[1].dim(1) == in[0].dim(1) && tokens > 0,
                    "mergeTokens: places %s of %s do not make %d tokens",
                    in[1],
                    in[0],
                    tokens);
            return Shape.of(in[0].dim(0), tokens, in[0].last());
        }

        @Override
        public long flops(Shape result, Shape... in) {
            return in[0].size() + result.size();
        }
    }

    /** Each token gets what is at its place: x {@code [N, T, C]} and places {@code [N, L]} give {@code [N, L, C]}. A place outside of x fails the run. */
    record UnmergeTokens() implements TokenOp {
        @Override
        public Shape resultShape(Shape... in) {
            requirePlaces("unmergeTokens", in);
            return Shape.of(in[0].dim(0), in[1].dim(1), in[0].last());
        }
    }

    private static void requirePlaces(String who, Shape[] in) {
        require(
                in[0].rank() == 3 && in[1].rank() == 2 && in[0].dim(0) == in[1].dim(0),
                "%s: places %s do not fit %s",
                who,
                in[1],
                in[0]);
    }

    @Override
    default boolean takes(int operands) {
        return switch (this) {
            case MatchTokens _ -> operands == 1;
            case MergeTokens _, UnmergeTokens _ -> operands == 2;
        };
    }

    @Override
    default boolean isIndex(int index) {
        return index == 1;
    }

    @Override
    default DType resultType() {
        return this instanceof MatchTokens ? DType.I32 : DType.F32;
    }
}
