package uk.ac.manchester.tornado.api;

/** The place of a work item. Here it is always the first of one; an emulator makes others. */
public class KernelContext {
    public final Integer globalIdx = 0;
    public final Integer globalIdy = 0;
    public final Integer globalIdz = 0;
    public final Integer groupIdx = 0;
    public final Integer groupIdy = 0;
    public final Integer groupIdz = 0;
    public final Integer localIdx = 0;
    public final Integer localIdy = 0;
    public final Integer localIdz = 0;

    /** A place. */
    public KernelContext() {}

    /** Waits for all work items of the group. */
    public void localBarrier() {}

    /** Memory of the group. */
    public float[] allocateFloatLocalArray(int size) {
        return new float[size];
    }
}
