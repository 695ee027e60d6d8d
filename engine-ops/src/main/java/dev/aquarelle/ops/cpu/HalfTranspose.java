package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Turns rows of 16-bit numbers into columns, four by four: four rows' next numbers are four longs, and shifting their quarters makes
 * the four columns, in two operations a number instead of a load and a store.
 */
final class HalfTranspose {
    /** Rows and columns that are turned at a time. */
    static final int SIDE = 4;

    /** Longs lie in arrays as the machine orders their bytes; elsewhere the quarters would come out in the other order. */
    static final boolean WORKS = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private static final long EVEN = 0x0000_FFFF_0000_FFFFL;
    private static final long LOW = 0xFFFF_FFFFL;

    private final long[] rows;
    private final long[] columns;
    private final MemorySegment columnBytes;
    private final short[] result;

    /**
     * @param length of a row, at most
     * @param width rows, at most
     */
    HalfTranspose(int length, int width) {
        rows = new long[length];
        columns = new long[length * width / SIDE];
        columnBytes = MemorySegment.ofArray(columns);
        result = new short[length * width];
    }

    boolean takes(int length, int width) {
        return length <= rows.length && length * width <= result.length;
    }

    /**
     * Up to four rows to columns; missing ones count as zeros.
     *
     * @param data where the rows are: the first at byte {@code from}, {@code rowBytes} apart
     * @param length numbers of a row, a multiple of four
     * @param order which row of the result each number of a row goes to
     * @param at which columns of the result, in fours
     * @param width columns of the result, a multiple of four
     */
    void turn(MemorySegment data, long from, long rowBytes, int count, int length, int[] order, int at, int width) {
        int n = length / SIDE;
        for (int row = 0; row < count; row++) {
            MemorySegment.copy(data, ValueLayout.JAVA_LONG_UNALIGNED, from + row * rowBytes, rows, row * n, n);
        }
        Arrays.fill(rows, count * n, SIDE * n, 0);
        int step = width / SIDE;
        for (int i = 0; i < n; i++) {
            long a = rows[i];
            long b = rows[i + n];
            long c = rows[i + 2 * n];
            long d = rows[i + 3 * n];
            long evenAb = (a & EVEN) | ((b & EVEN) << 16);
            long oddAb = ((a >>> 16) & EVEN) | (b & ~EVEN);
            long evenCd = (c & EVEN) | ((d & EVEN) << 16);
            long oddCd = ((c >>> 16) & EVEN) | (d & ~EVEN);
            columns[order[SIDE * i] * step + at] = (evenAb & LOW) | (evenCd << 32);
            columns[order[SIDE * i + 1] * step + at] = (oddAb & LOW) | (oddCd << 32);
            columns[order[SIDE * i + 2] * step + at] = (evenAb >>> 32) | (evenCd & ~LOW);
            columns[order[SIDE * i + 3] * step + at] = (oddAb >>> 32) | (oddCd & ~LOW);
        }
    }

    /** Some numbers of the result, row by row, at the beginning of an array. */
    short[] result(int from, int count) {
        MemorySegment.copy(columnBytes, ValueLayout.JAVA_SHORT, 2L * from, result, 0, count);
        return result;
    }
}
