package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Numbers outside of the heap. */
public final class FloatArray {
    private final MemorySegment segment;

    /** So many, of any value. */
    public FloatArray(int numberOfElements) {
        segment = Arena.ofAuto().allocate(ValueLayout.JAVA_FLOAT, numberOfElements);
    }

    public float get(int index) {
        return segment.getAtIndex(ValueLayout.JAVA_FLOAT, index);
    }

    public void set(int index, float value) {
        segment.setAtIndex(ValueLayout.JAVA_FLOAT, index, value);
    }

    public int getSize() {
        return (int) (segment.byteSize() / ValueLayout.JAVA_FLOAT.byteSize());
    }

    public MemorySegment getSegment() {
        return segment;
    }
}
