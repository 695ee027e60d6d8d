package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The rows of the first operand of a product. */
interface RowSource {
    /**
     * Gathers some columns of some rows.
     *
     * @param m the memory they come from
     * @param k the first column
     * @param count how many columns
     * @param to receives [rows, count] from {@code at} on
     */
    void gather(MemorySegment m, int firstRow, int rows, int k, int count, float[] to, int at);

    /** Rows that lie in memory as they are, {@code rowStride} bytes apart. */
    record Dense(long byteOffset, long rowStride) implements RowSource {
        @Override
        public void gather(MemorySegment m, int firstRow, int rows, int k, int count, float[] to, int at) {
            long from = byteOffset + firstRow * rowStride + 4L * k;
            for (int row = 0; row < rows; row++, from += rowStride) {
                MemorySegment.copy(m, ValueLayout.JAVA_FLOAT_UNALIGNED, from, to, at + row * count, count);
            }
        }
    }
}
