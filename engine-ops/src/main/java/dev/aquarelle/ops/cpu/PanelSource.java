package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;

/** Where the second operand of a product comes from: it is rearranged into panels [k, width], in tasks that run in parallel. */
interface PanelSource {
    /** How many tasks fill one panel. */
    int tasks();

    /**
     * Fills the part of a panel that belongs to a task; columns past {@code cols} become 0.
     *
     * @param m the memory of the panel
     * @param to where the panel begins, in bytes
     * @param width columns of the panel
     * @param col the first column of the matrix in this panel
     * @param cols columns of the matrix in this panel
     * @param worker the thread it runs on
     */
    void pack(int task, MemorySegment m, long to, int width, int col, int cols, int worker);
}
