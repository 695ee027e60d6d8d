package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.ProductOp;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The rows of a convolution seen as a matrix product: row (n, y, x) holds the pixels under the kernel at that place, tap after tap,
 * zeros outside the image. Only the block at hand is ever gathered.
 *
 * @param byteOffset where the image lies
 * @param image [N, H, W, C]
 * @param result [N, H', W', O]
 * @param firstChannel the group's first channel
 * @param channels channels of the group
 */
record ImageRows(
        long byteOffset,
        ProductOp.Conv2d conv,
        Shape image,
        Shape result,
        int kernelWidth,
        int firstChannel,
        int channels)
        implements RowSource {

    @Override
    public void gather(MemorySegment m, int firstRow, int rows, int k, int count, float[] to, int start) {
        int width = result.dim(2);
        int height = result.dim(1);
        for (int row = 0; row < rows; row++) {
            int at = firstRow + row;
            int left = at % width * conv.stride() - conv.padding().left();
            int top = at / width % height * conv.stride() - conv.padding().top();
            gatherRow(m, at / width / height, top, left, k, count, to, start + row * count);
        }
    }

    private void gatherRow(MemorySegment m, int n, int top, int left, int k, int count, float[] to, int at) {
        int tap = k / channels;
        int channel = k % channels;
        for (int end = at + count; at < end; tap++, channel = 0) {
            int take = Math.min(channels - channel, end - at);
            int y = top + tap / kernelWidth * conv.dilation();
            int x = left + tap % kernelWidth * conv.dilation();
            if (y >= 0 && y < image.dim(1) && x >= 0 && x < image.dim(2)) {
                long pixel = ((long) n * image.dim(1) + y) * image.dim(2) + x;
                long from = byteOffset + 4 * (pixel * image.dim(3) + firstChannel + channel);
                MemorySegment.copy(m, ValueLayout.JAVA_FLOAT_UNALIGNED, from, to, at, take);
            } else {
                Arrays.fill(to, at, at + take, 0f);
            }
            at += take;
        }
    }
}
