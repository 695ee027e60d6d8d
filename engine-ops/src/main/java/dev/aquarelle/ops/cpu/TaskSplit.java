package dev.aquarelle.ops.cpu;

/**
 * How a step's work is cut into tasks, by its shape alone: enough for any number of threads, each long enough (several microseconds)
 * that handing it out costs little.
 *
 * @param items what there is: elements, rows, pixels
 * @param itemsPerTask at least 1
 */
record TaskSplit(long items, long itemsPerTask) {
    /** 64 KiB of floats. */
    private static final long ELEMENTS_PER_TASK = 16384;

    /** Items that go together, each with its number of elements. */
    static TaskSplit of(long items, long elementsPerItem) {
        return new TaskSplit(items, Math.max(1, ELEMENTS_PER_TASK / Math.max(1, elementsPerItem)));
    }

    int tasks() {
        return Math.toIntExact(Math.ceilDiv(items, itemsPerTask));
    }

    /** The first item of a task. */
    long from(int task) {
        return task * itemsPerTask;
    }

    /** The item after the last one of a task. */
    long to(int task) {
        return Math.min(items, (task + 1) * itemsPerTask);
    }
}
