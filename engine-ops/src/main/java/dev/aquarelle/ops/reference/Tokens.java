package dev.aquarelle.ops.reference;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.graph.TokenOp;
import dev.aquarelle.ops.graph.Value;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Token merging. Places are whole numbers, kept as floats. */
final class Tokens {
    private Tokens() {}

    /**
     * A token that may be merged, and the one it would be merged with.
     *
     * @param token its number in the image
     * @param choice the number of the other one
     * @param similarity of the two
     */
    private record Match(int token, int choice, double similarity) {}

    static Dense match(TokenOp.MatchTokens op, Dense x, Shape resultShape, Cancellation stop) {
        Dense places = Dense.of(resultShape);
        int tokens = x.shape.dim(1);
        for (int n = 0; n < x.shape.dim(0); n++) {
            stop.check();
            List<Match> matches = matches(op, normalized(x, n));
            matches.sort(Comparator.comparingDouble((Match match) -> -match.similarity())
                    .thenComparingInt(Match::token));
            List<Match> merged = matches.subList(0, op.merged());
            int[] place = new int[tokens];
            merged.forEach(match -> place[match.token()] = -1);
            int next = 0;
            for (int i = 0; i < tokens; i++) {
                place[i] = place[i] < 0 ? -1 : next++;
            }
            merged.forEach(match -> place[match.token()] = place[match.choice()]);
            for (int i = 0; i < tokens; i++) {
                places.values[n * tokens + i] = place[i];
            }
        }
        return places;
    }

    /** The tokens of a sample, each of length 1, or of zeros. */
    private static double[][] normalized(Dense x, int sample) {
        int channels = x.shape.last();
        double[][] tokens = new double[x.shape.dim(1)][channels];
        for (int i = 0; i < tokens.length; i++) {
            int from = (sample * tokens.length + i) * channels;
            double squares = 0;
            for (int c = 0; c < channels; c++) {
                squares += (double) x.values[from + c] * x.values[from + c];
            }
            for (int c = 0; c < channels; c++) {
                tokens[i][c] = squares == 0 ? 0 : x.values[from + c] / Math.sqrt(squares);
            }
        }
        return tokens;
    }

    private static List<Match> matches(TokenOp.MatchTokens op, double[][] tokens) {
        List<Match> matches = new ArrayList<>();
        for (int i = 0; i < tokens.length; i++) {
            if (!stays(op, i)) {
                matches.add(match(op, tokens, i));
            }
        }
        return matches;
    }

    private static boolean stays(TokenOp.MatchTokens op, int token) {
        int row = token / op.width();
        int column = token % op.width();
        return row % TokenOp.SQUARE == 0
                && column % TokenOp.SQUARE == 0
                && row + TokenOp.SQUARE <= op.height()
                && column + TokenOp.SQUARE <= op.width();
    }

    private static Match match(TokenOp.MatchTokens op, double[][] tokens, int token) {
        Match best = new Match(token, 0, Double.NEGATIVE_INFINITY);
        for (int i = 0; i < tokens.length; i++) {
            if (stays(op, i)) {
                double similarity = 0;
                for (int c = 0; c < tokens[i].length; c++) {
                    similarity += tokens[token][c] * tokens[i][c];
                }
                best = similarity > best.similarity() ? new Match(token, i, similarity) : best;
            }
        }
        return best;
    }

    /**
     * @throws TensorException if a place is outside of the result
     */
    static Dense merge(Dense x, int[] places, Value value) {
        Dense result = Dense.of(value.shape());
        int tokens = x.shape.dim(1);
        int left = value.shape().dim(1);
        int channels = x.shape.last();
        int[] counts = new int[x.shape.dim(0) * left];
        for (int i = 0; i < places.length; i++) {
            Rows.require(places[i], left, "place", i, value);
            int place = i / tokens * left + places[i];
            counts[place]++;
            for (int c = 0; c < channels; c++) {
                result.values[place * channels + c] += x.values[i * channels + c];
            }
        }
        for (int i = 0; i < result.values.length; i++) {
            result.values[i] /= Math.max(1, counts[i / channels]);
        }
        return result;
    }

    /**
     * @throws TensorException if a place is outside of x
     */
    static Dense unmerge(Dense x, int[] places, Value value) {
        Dense result = Dense.of(value.shape());
        int tokens = value.shape().dim(1);
        int left = x.shape.dim(1);
        int channels = x.shape.last();
        for (int i = 0; i < places.length; i++) {
            Rows.require(places[i], left, "place", i, value);
            int from = (i / tokens * left + places[i]) * channels;
            System.arraycopy(x.values, from, result.values, i * channels, channels);
        }
        return result;
    }
}
