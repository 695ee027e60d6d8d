package dev.aquarelle.ops.cpu;

import static dev.aquarelle.ops.cpu.Scalars.get;
import static dev.aquarelle.ops.cpu.Scalars.set;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.NormOp;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * {@link NormOp.GroupNorm}, and an activation of its result where one follows; out may be x.
 *
 * <p>Each sample is cut into chunks of pixels that stay in a core's cache. A first pass over the chunks sums the channels, reading a
 * chunk twice: once for the groups' means in the chunk, once for their squared deviations from them. The chunks' means and
 * deviations are combined for the sample in double precision, always in the same order (Chan, Golub and LeVeque, "Algorithms for
 * computing the sample variance", 1983). A second pass normalizes. Sums are of differences from a value of the channel or from the
 * group's mean, so that a mean far larger than the deviation costs no digits.
 */
final class GroupNormStep implements Step {
    /** 128 KiB: a chunk stays in L2 (256 KiB and more) between its two readings. */
    private static final int CHUNK_ELEMENTS = 32768;

    /** With less, adding up the channels of a chunk one by one would cost as much as reading it. */
    private static final int CHUNK_PIXELS = 64;

    /** Floats that are normalized and then activated, while they are in L1. */
    private static final int ACTIVATED_TOGETHER = 4096;

    private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED;

    private final MapKernels maps;
    private final NormKernels norms;
    private final NormOp.GroupNorm op;
    private final @Nullable Activation activation;
    private final Operand x;
    private final Operand weight;
    private final Operand bias;
    private final Operand out;
    private final MemorySegment scratch;

    private final int samples;
    private final long pixels;
    private final int channels;
    private final int chunkPixels;
    private final int chunks;

    /** Scratch: mean and squared deviations of each group in each chunk of each sample, in doubles. */
    private final long momentsAt;

    /** Scratch: centers, scales and shifts of each sample's channels. */
    private final long tablesAt;

    /** Scratch: centers and sums of the channels, for each chunk of each sample. */
    private final long channelsAt;

    private final Workers.Task measure = this::measure;
    private final Workers.Task normalize = this::normalize;

    /**
     * @param activation applied to the result, null for none
     * @param scratch {@link #scratchBytes} of memory, its content of no meaning before and after
     */
    GroupNormStep(
            Kernels kernels,
            NormOp.GroupNorm op,
            @Nullable Activation activation,
            Shape shape,
            Operand x,
            Operand weight,
            Operand bias,
            Operand out,
            Operand scratch) {
        maps = kernels.map();
        norms = kernels.norm();
        this.op = op;
        this.activation = activation;
        this.x = x;
        this.weight = weight;
        this.bias = bias;
        this.out = out;
        this.scratch = scratch.segment();
        samples = shape.size() == 0 ? 0 : shape.dim(0);
        pixels = pixels(shape);
        channels = shape.last();
        chunkPixels = chunkPixels(shape);
        chunks = chunks(shape);
        momentsAt = scratch.byteOffset();
        tablesAt = momentsAt + 16L * samples * chunks * op.groups();
        channelsAt = tablesAt + 12L * samples * channels;
    }

    /** The scratch memory that a step for this shape needs. */
    static long scratchBytes(NormOp.GroupNorm op, Shape shape) {
        if (shape.size() == 0) {
            return 0;
        }
        long moments = 16L * chunks(shape) * op.groups();
        long tables = 12L * shape.last();
        long perChunk = 8L * chunks(shape) * shape.last();
        return shape.dim(0) * (moments + tables + perChunk);
    }

    private static long pixels(Shape shape) {
        return shape.size() == 0 ? 0 : shape.rows() / shape.dim(0);
    }

    private static int chunkPixels(Shape shape) {
        return Math.max(CHUNK_PIXELS, CHUNK_ELEMENTS / Math.max(1, shape.last()));
    }

    private static int chunks(Shape shape) {
        long chunks = Math.ceilDiv(pixels(shape), chunkPixels(shape));
        if (chunks * Math.max(1, shape.dim(0)) > Integer.MAX_VALUE) {
            throw new TensorException("groupNorm: x %s has too many pixels for 2^31 tasks".formatted(shape));
        }
        return (int) chunks;
    }

    @Override
    public void run(Workers workers) {
        workers.parallel(samples * chunks, measure);
        for (int sample = 0; sample < samples; sample++) {
            for (int group = 0; group < op.groups(); group++) {
                combine(sample, group);
            }
        }
        workers.parallel(samples * chunks, normalize);
    }

    /** Where a chunk of all samples' chunks begins in x and in the result. */
    private long byteOffset(int chunk) {
        long pixel = chunk / chunks * pixels + (long) (chunk % chunks) * chunkPixels;
        return 4L * channels * pixel;
    }

    private int pixelsOf(int chunk) {
        return (int) Math.min(chunkPixels, pixels - (long) (chunk % chunks) * chunkPixels);
    }

    /** Mean and squared deviations of the groups in one chunk. */
    private void measure(int chunk, int worker) {
        int count = pixelsOf(chunk);
        long at = x.byteOffset() + byteOffset(chunk);
        long centersAt = channelsAt + 8L * channels * chunk;
        long sumsAt = centersAt + 4L * channels;
        int width = channels / op.groups();
        long moments = momentsAt + 16L * op.groups() * chunk;

        norms.channelSums(x.segment(), at, count, channels, scratch, sumsAt);
        for (int group = 0; group < op.groups(); group++) {
            double sum = 0;
            for (int c = group * width; c < (group + 1) * width; c++) {
                sum += (double) get(x.segment(), at + 4L * c) * count + get(scratch, sumsAt + 4L * c);
            }
            double mean = sum / ((double) count * width);
            scratch.set(F64, moments + 16L * group, mean);
            for (int c = group * width; c < (group + 1) * width; c++) {
                set(scratch, centersAt + 4L * c, (float) mean);
            }
        }
        norms.channelSquares(x.segment(), at, count, channels, scratch, centersAt, scratch, sumsAt);
        for (int group = 0; group < op.groups(); group++) {
            double squares = 0;
            for (int c = group * width; c < (group + 1) * width; c++) {
                squares += get(scratch, sumsAt + 4L * c);
            }
            double mean = scratch.get(F64, moments + 16L * group);
            double rest = mean - (float) mean;
            squares -= (double) count * width * rest * rest;
            scratch.set(F64, moments + 16L * group + 8, squares);
        }
    }

    /** Mean and variance of a group in a whole sample, and from these what is done to its channels. */
    private void combine(int sample, int group) {
        int first = sample * chunks;
        double mean = 0;
        for (int chunk = first; chunk < first + chunks; chunk++) {
            mean += pixelsOf(chunk) * scratch.get(F64, momentsAt(chunk, group));
        }
        mean /= pixels;
        double squares = 0;
        int width = channels / op.groups();
        for (int chunk = first; chunk < first + chunks; chunk++) {
            long at = momentsAt(chunk, group);
            double d = scratch.get(F64, at) - mean;
            squares += scratch.get(F64, at + 8) + (double) pixelsOf(chunk) * width * d * d;
        }
        double variance = Math.max(0, squares / ((double) pixels * width));
        double deviation = Math.sqrt(variance + op.epsilon());
        float center = (float) mean;
        for (int c = group * width; c < (group + 1) * width; c++) {
            double scale = get(weight.segment(), weight.byteOffset() + 4L * c) / deviation;
            double shift = get(bias.segment(), bias.byteOffset() + 4L * c) - (mean - center) * scale;
            long table = tablesAt + 12L * channels * sample + 4L * c;
            set(scratch, table, center);
            set(scratch, table + 4L * channels, (float) scale);
            set(scratch, table + 8L * channels, (float) shift);
        }
    }

    private long momentsAt(int chunk, int group) {
        return momentsAt + 16L * op.groups() * chunk + 16L * group;
    }

    private void normalize(int chunk, int worker) {
        int count = pixelsOf(chunk);
        long from = byteOffset(chunk);
        long table = tablesAt + 12L * channels * (chunk / chunks);
        int together = activation == null ? count : Math.max(1, ACTIVATED_TOGETHER / channels);
        for (int p = 0; p < count; p += together) {
            int some = Math.min(together, count - p);
            long xAt = x.byteOffset() + from + 4L * channels * p;
            long outAt = out.byteOffset() + from + 4L * channels * p;
            norms.normalizeChannels(x.segment(), xAt, out.segment(), outAt, some, channels, scratch, table);
            if (activation != null) {
                maps.activate(activation, out.segment(), outAt, out.segment(), outAt, some * channels);
            }
        }
    }
}
