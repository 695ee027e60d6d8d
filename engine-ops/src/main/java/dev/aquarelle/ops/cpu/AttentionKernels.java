package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;

/**
 * What attention does with the products of some keys and a panel of queries: a column is a query, so all of it goes lane by lane, in
 * order of the keys, and has the same bits for every width of vector.
 *
 * <p>Columns are counted in multiples of {@link GemmKernel#COLUMNS}; rows of arrays are {@link GemmKernel#PANEL} apart.
 */
interface AttentionKernels {
    /**
     * Scores to weights: powers of two relative to the largest score so far. NaN is passed over in the search for the largest; where
     * nothing was seen yet, or NaN alone, weights are 0 and NaN.
     *
     * @param scores [keys, columns], not yet scaled
     * @param scale of a score, times the logarithm of e to base 2
     * @param maxima the largest scaled score of each column so far, updated
     * @param totals the sum of each column's weights so far, updated
     * @param factors receives what everything gathered before is to be multiplied by
     * @param at where the columns begin in the last three
     * @param weights where the weights [keys, columns] go in {@code m}, without gaps, in bytes
     */
    void weigh(
            float[] scores,
            int keys,
            int columns,
            float scale,
            float[] maxima,
            float[] totals,
            float[] factors,
            int at,
            MemorySegment m,
            long weights);

    /**
     * {@code gathered = gathered * factor + sums}, rounded once, for rows of columns.
     *
     * @param at where the rows begin in {@code gathered}
     * @param factors one for each column, from {@code factorsAt} on
     */
    void gather(float[] gathered, int at, int rows, int columns, float[] factors, int factorsAt, float[] sums);
}
