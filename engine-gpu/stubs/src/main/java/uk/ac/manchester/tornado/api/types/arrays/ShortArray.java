package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Numbers outside of the heap. */
public final class ShortArray {
    private final MemorySegment segment;

    /** So many, of any value. */
    public ShortArray(int numberOfElements) {
        segment = Arena.ofAuto().allocate(ValueLayout.JAVA_SHORT, numberOfElements);
    }

    public short get(int index) {
        return segment.getAtIndex(ValueLayout.JAVA_SHORT, index);
    }

    public void set(int index, short value) {
        segment.setAtIndex(ValueLayout.JAVA_SHORT, index, value);
    }

    public int getSize() {
        return (int) (segment.byteSize() / ValueLayout.JAVA_SHORT.byteSize());
    }

    public MemorySegment getSegment() {
        return segment;
    }
}
