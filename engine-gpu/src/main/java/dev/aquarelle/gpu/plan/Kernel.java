package dev.aquarelle.gpu.plan;

import dev.aquarelle.gpu.kernels.Attention;
import dev.aquarelle.gpu.kernels.Maps;
import dev.aquarelle.gpu.kernels.Moves;
import dev.aquarelle.gpu.kernels.Norms;
import dev.aquarelle.gpu.kernels.Products;
import java.util.stream.IntStream;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task5;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/** The kernels, as TornadoVM takes them: it finds the method behind a reference to it. */
public enum Kernel {
    PRODUCT(Products::product, Products.SIDE, Products.SIDE),
    /** A product, without what is added to it, by the device's library: see {@link LibraryProduct}. Not compiled. */
    LIBRARY_PRODUCT(Kernel::notCompiled),
    EPILOGUE(Products::epilogue),
    ATTENTION(Attention::attention, Attention.ITEMS, 1),
    NORM(Norms::norm, Norms.ITEMS, 1),
    NORM_PARTS(Norms::normParts, Norms.ITEMS, 1),
    NORM_CHUNKS(Norms::normChunks, false, Norms.ITEMS, 1),
    SOFTMAX(Norms::softmax, Norms.ITEMS, 1),
    MAP(Maps::map),
    BLOCKS(Moves::blocks),
    ROWS(Moves::rows),
    UPSAMPLE_NEAREST(Moves::upsampleNearest),
    AVERAGE_POOL_2(Moves::averagePool2),
    DOWNLOAD(Moves::download);

    /** Work items of a group where each has its own number of the result. */
    private static final int ITEMS = 64;

    /** Of the longest description of an operation. */
    static final int MOST_NUMBERS = IntStream.of(
                    Products.FIELDS, Attention.FIELDS, Norms.FIELDS, Maps.FIELDS, Moves.FIELDS)
            .max()
            .orElseThrow();

    @SuppressWarnings("ImmutableEnumChecker") // a reference to a static method
    private final Task5<KernelContext, IntArray, FloatArray, ShortArray, FloatArray> method;

    private final boolean hasBarriers;
    private final int width;
    private final int height;

    Kernel(Task5<KernelContext, IntArray, FloatArray, ShortArray, FloatArray> method, int width, int height) {
        this(method, true, width, height);
    }

    Kernel(Task5<KernelContext, IntArray, FloatArray, ShortArray, FloatArray> method) {
        this(method, false, ITEMS, 1);
    }

    Kernel(
            Task5<KernelContext, IntArray, FloatArray, ShortArray, FloatArray> method,
            boolean hasBarriers,
            int width,
            int height) {
        this.method = method;
        this.hasBarriers = hasBarriers;
        this.width = width;
        this.height = height;
    }

    private static void notCompiled(KernelContext c, IntArray p, FloatArray f, ShortArray h, FloatArray x) {
        throw new UnsupportedOperationException("a library computes it");
    }

    /** The method: place, numbers that describe the operation, weights of 32 and of 16 bits, values. */
    public Task5<KernelContext, IntArray, FloatArray, ShortArray, FloatArray> method() {
        return method;
    }

    /** Whether the work items of a group wait for each other. */
    public boolean hasBarriers() {
        return hasBarriers;
    }

    /** Work items of a group along the first axis. */
    public int width() {
        return width;
    }

    /** Work items of a group along the second axis. */
    public int height() {
        return height;
    }
}
