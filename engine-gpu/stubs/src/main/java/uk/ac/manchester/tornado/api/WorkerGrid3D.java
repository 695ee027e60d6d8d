package uk.ac.manchester.tornado.api;

/** Work items along three axes. */
public class WorkerGrid3D implements WorkerGrid {
    /** So many work items in all. */
    public WorkerGrid3D(int x, int y, int z) {}

    @Override
    public void setGlobalWork(long x, long y, long z) {}

    @Override
    public void setLocalWork(long x, long y, long z) {}
}
