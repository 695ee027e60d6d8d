package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Panels of a weight as its file has it: [O, K] of a linear layer, [O, C, kh, kw] of a convolution, in any floating-point type, widened
 * on the way. Row {@code tap * C + c} of a panel holds that tap and channel of its output channels.
 *
 * <p>A piece of some outputs' rows is turned and widened in arrays that stay in the caches: numbers of 16 bits by {@link HalfTranspose},
 * others one by one. That costs a fraction of a nanosecond a weight, so weights are packed in each run and never kept twice.
 */
final class WeightPanels implements PanelSource {
    private static final int OUTPUTS = 16;

    /** Numbers of one output that are taken at a time: 16 rows of them, as floats, fill two thirds of a 32 KiB cache. */
    static final int PIECE = 320;

    /** The same where there are few outputs of 16-bit numbers: the longer the piece, the better memory is read ahead. */
    static final int LONG_PIECE = 1440;

    private final Tensor weight;
    private final int firstOutput;
    private final int channels;
    private final int taps;
    private final int pieceChannels;
    private final boolean halves;
    private final int[] order;
    private final Buffers buffers;

    /**
     * The outputs of {@code weight} from {@code firstOutput} on.
     *
     * @param piece {@link #PIECE} or {@link #LONG_PIECE}
     */
    WeightPanels(Tensor weight, int firstOutput, int piece, Buffers buffers) {
        this.weight = weight;
        this.firstOutput = firstOutput;
        this.buffers = buffers;
        channels = weight.shape().dim(1);
        taps = weight.shape().rank() == 4
                ? weight.shape().dim(2) * weight.shape().dim(3)
                : 1;
        halves = HalfTranspose.WORKS && (weight.dtype() == DType.F16 || weight.dtype() == DType.BF16);
        pieceChannels = Math.max(1, (halves ? piece : PIECE) / taps / HalfTranspose.SIDE) * HalfTranspose.SIDE;
        order = halves ? order(taps, pieceChannels) : new int[0];
        buffers.reserveWeights(OUTPUTS, pieceChannels * taps);
    }

    /** The rows [taps, pieceChannels] of a piece in the order of the file, [pieceChannels, taps]. */
    private static int[] order(int taps, int pieceChannels) {
        int[] order = new int[taps * pieceChannels];
        Arrays.setAll(order, i -> i % taps * pieceChannels + i / taps);
        return order;
    }

    @Override
    public int tasks() {
        return Math.ceilDiv(channels, pieceChannels);
    }

    /** Channels that {@link #across} takes at most. */
    int pieceChannels() {
        return pieceChannels;
    }

    /** Some channels of {@code cols} outputs as [taps, {@link #pieceChannels}, width] in an array of the worker's; columns past {@code cols} are 0. */
    float[] across(int channel, int count, int col, int cols, int width, int worker) {
        float[] across = buffers.across[worker];
        if (halves && count * taps % HalfTranspose.SIDE == 0) {
            turnHalves(channel, count, firstOutput + col, cols, across, width, buffers.halves[worker]);
            return across;
        }
        for (int o = 0; o < width; o += OUTPUTS) {
            turn(firstOutput + col + o, Math.min(OUTPUTS, cols - o), channel, count, across, o, width, worker);
        }
        return across;
    }

    /** Whether the file has an output's weights in the order of a panel's rows. */
    boolean hasRows() {
        return taps == 1;
    }

    /** Some channels of an output, widened, where {@link #hasRows}. */
    void row(int output, int channel, int count, float[] to, int at, int worker) {
        widen((firstOutput + (long) output) * channels + channel, count, to, at, buffers.narrow[worker]);
    }

    @Override
    public void pack(int task, MemorySegment m, long to, int width, int col, int cols, int worker) {
        int c = task * pieceChannels;
        int count = Math.min(pieceChannels, channels - c);
        float[] across = across(c, count, col, cols, width, worker);
        for (int tap = 0; tap < taps; tap++) {
            long row = to + 4L * width * ((long) tap * channels + c);
            MemorySegment.copy(
                    across, tap * pieceChannels * width, m, ValueLayout.JAVA_FLOAT_UNALIGNED, row, count * width);
        }
    }

    /** A piece of some outputs, {@code [outputs, count, taps]} in the file, to columns from {@code at} on of {@link #across}. */
    private void turn(int output, int outputs, int channel, int count, float[] across, int at, int width, int worker) {
        float[] wide = buffers.wide[worker];
        int length = count * taps;
        for (int o = 0; o < OUTPUTS; o++) {
            if (o < outputs) {
                widen(
                        ((long) (output + o) * channels + channel) * taps,
                        length,
                        wide,
                        o * length,
                        buffers.narrow[worker]);
            } else {
                Arrays.fill(wide, o * length, (o + 1) * length, 0f);
            }
        }
        for (int tap = 0; tap < taps; tap++) {
            int row = tap * pieceChannels * width + at;
            for (int from = tap; from < length; from += taps, row += width) {
                across[row] = wide[from];
                across[row + 1] = wide[from + length];
                across[row + 2] = wide[from + 2 * length];
                across[row + 3] = wide[from + 3 * length];
                across[row + 4] = wide[from + 4 * length];
                across[row + 5] = wide[from + 5 * length];
                across[row + 6] = wide[from + 6 * length];
                across[row + 7] = wide[from + 7 * length];
                across[row + 8] = wide[from + 8 * length];
                across[row + 9] = wide[from + 9 * length];
                across[row + 10] = wide[from + 10 * length];
                across[row + 11] = wide[from + 11 * length];
                across[row + 12] = wide[from + 12 * length];
                across[row + 13] = wide[from + 13 * length];
                across[row + 14] = wide[from + 14 * length];
                across[row + 15] = wide[from + 15 * length];
            }
        }
    }

    private void turnHalves(
            int channel, int count, int output, int cols, float[] across, int width, HalfTranspose turned) {
        long rowBytes = 2L * channels * taps;
        for (int o = 0; o < width; o += HalfTranspose.SIDE) {
            long from = (output + o) * rowBytes + 2L * channel * taps;
            int some = Math.clamp(cols - o, 0, HalfTranspose.SIDE);
            turned.turn(weight.data(), from, rowBytes, some, count * taps, order, o / HalfTranspose.SIDE, width);
        }
        for (int tap = 0; tap < taps; tap++) {
            int at = tap * pieceChannels * width;
            widen(turned.result(at, count * width), count * width, across, at);
        }
    }

    private void widen(short[] narrow, int count, float[] to, int at) {
        if (weight.dtype() == DType.F16) {
            for (int i = 0; i < count; i++) {
                to[at + i] = Float.float16ToFloat(narrow[i]);
            }
        } else {
            for (int i = 0; i < count; i++) {
                to[at + i] = Float.intBitsToFloat(narrow[i] << 16);
            }
        }
    }

    private void widen(long element, int count, float[] to, int at, short[] narrow) {
        MemorySegment data = weight.data();
        switch (weight.dtype()) {
            case F32 -> MemorySegment.copy(data, ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * element, to, at, count);
            case F16, BF16 -> {
                MemorySegment.copy(data, ValueLayout.JAVA_SHORT_UNALIGNED, 2 * element, narrow, 0, count);
                widen(narrow, count, to, at);
            }
            case F64, F8_E4M3, F8_E5M2, I64, I32, I16, I8, U64, U32, U16, U8, BOOL -> {
                DType dtype = weight.dtype();
                for (int i = 0; i < count; i++) {
                    to[at + i] = dtype.readFloat(data, element + i);
                }
            }
        }
    }
}
