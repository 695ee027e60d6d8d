package uk.ac.manchester.tornado.api;

/** How many work items each task has. */
public class GridScheduler {
    /** Of no task yet. */
    public GridScheduler() {}

    public void addWorkerGrid(String taskName, WorkerGrid workerGrid) {}
}
