package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Numbers outside of the heap. */
public final class IntArray {
    private final MemorySegment segment;

    /** So many, of any value. */
    public IntArray(int numberOfElements) {
        segment = Arena.ofAuto().allocate(ValueLayout.JAVA_INT, numberOfElements);
    }

    /** A copy of these. */
    public static IntArray fromArray(int[] values) {
        IntArray array = new IntArray(values.length);
        MemorySegment.copy(values, 0, array.segment, ValueLayout.JAVA_INT, 0, values.length);
        return array;
    }

    public int get(int index) {
        return segment.getAtIndex(ValueLayout.JAVA_INT, index);
    }

    public void set(int index, int value) {
        segment.setAtIndex(ValueLayout.JAVA_INT, index, value);
    }

    public void init(int value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    public int getSize() {
        return (int) (segment.byteSize() / ValueLayout.JAVA_INT.byteSize());
    }

    public MemorySegment getSegment() {
        return segment;
    }
}
