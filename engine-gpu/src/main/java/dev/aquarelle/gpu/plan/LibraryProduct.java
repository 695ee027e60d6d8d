package dev.aquarelle.gpu.plan;

import dev.aquarelle.gpu.kernels.Operands;
import dev.aquarelle.gpu.kernels.Products;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * A product as BLAS takes it, whose matrices are column after column: rows are columns there, so {@code C = A B} is {@code C' = B' A'}, and
 * its first matrix is B.
 *
 * @param isTransposed whether the first matrix lies row after row, as B does where it is {@code [COLUMNS, TERMS]}
 * @param m rows of C', columns of C
 * @param n columns of C', rows of C
 * @param k terms
 * @param first B
 * @param second A
 * @param result C
 * @param batches how many products, their matrices at a distance
 */
public record LibraryProduct(
        boolean isTransposed, int m, int n, int k, Matrix first, Matrix second, Matrix result, int batches) {
    /** The library that TornadoVM looks for. */
    public static final String LIBRARY = "aquarelle/products";

    /** Arguments of the task. */
    public static final int NUMBERS = 0;

    /** See {@link #NUMBERS}. */
    public static final int FLOATS = 1;

    /** See {@link #NUMBERS}. */
    public static final int VALUES = 3;

    /**
     * A matrix of 32-bit floats.
     *
     * @param argument of the task, the array that it is in
     * @param at where it begins there
     * @param leading from one of its columns to the next
     * @param stride from one batch to the next
     */
    public record Matrix(int argument, int at, int leading, long stride) {
        private static Matrix of(int type, int at, int leading, int stride) {
            return new Matrix(type == Operands.VALUE ? VALUES : FLOATS, at, Math.max(1, leading), stride);
        }
    }

    /** What the numbers of a product say; bias and what is added are not part of it. */
    public static LibraryProduct of(IntArray p) {
        int columns = p.get(Products.COLUMNS);
        int terms = p.get(Products.TERMS);
        boolean isTransposed = p.get(Products.B_TRANSPOSED) != 0;
        return new LibraryProduct(
                isTransposed,
                columns,
                p.get(Products.ROWS),
                terms,
                Matrix.of(
                        p.get(Products.B_TYPE),
                        p.get(Products.B_AT),
                        isTransposed ? terms : columns,
                        p.get(Products.B_BATCH)),
                Matrix.of(p.get(Products.A_TYPE), p.get(Products.A_AT), terms, p.get(Products.A_BATCH)),
                Matrix.of(Operands.VALUE, p.get(Products.C_AT), p.get(Products.C_ROW), p.get(Products.C_BATCH)),
                p.get(Products.BATCHES));
    }

    /** Whether a library takes it: matrices of 32-bit floats, no image. */
    static boolean fits(int[] p) {
        return p[Products.IMAGE] == 0
                && p[Products.TERMS] > 0
                && isWide(p[Products.A_TYPE])
                && isWide(p[Products.B_TYPE]);
    }

    private static boolean isWide(int type) {
        return type == Operands.VALUE || type == Operands.F32;
    }

    /** The task, whose numbers are read when it is run; all that other tasks of the stage have are arguments of it too. */
    static LibraryTaskDescriptor task(IntArray numbers, FloatArray floats, ShortArray halves, FloatArray values) {
        return new LibraryTaskDescriptor()
                .withLibrary(LIBRARY)
                .withFunction("product")
                .withParameters(new Object[] {numbers, floats, halves, values})
                .withAccess(new Access[] {Access.READ_ONLY, Access.READ_ONLY, Access.READ_ONLY, Access.READ_WRITE});
    }
}
