package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Panels of a matrix [k, n] that lies row by row in memory.
 *
 * @param byteOffset where it begins
 * @param rowStride bytes from one row to the next
 */
record MatrixPanels(long byteOffset, long rowStride, int k) implements PanelSource {
    private static final int ROWS = 256;

    @Override
    public int tasks() {
        return (k + ROWS - 1) / ROWS;
    }

    @Override
    public void pack(int task, MemorySegment m, long to, int width, int col, int cols, int worker) {
        int end = Math.min(k, (task + 1) * ROWS);
        for (int row = task * ROWS; row < end; row++) {
            long at = to + 4L * width * row;
            MemorySegment.copy(m, byteOffset + row * rowStride + 4L * col, m, at, 4L * cols);
            for (int i = cols; i < width; i++) {
                m.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at + 4L * i, 0f);
            }
        }
    }
}
