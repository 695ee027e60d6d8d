package dev.aquarelle.gpu.library;

import dev.aquarelle.gpu.plan.LibraryProduct;
import dev.aquarelle.gpu.plan.LibraryProduct.Matrix;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.LibraryRegistry;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;

/**
 * Products by cuBLAS, anywhere in an array. TornadoVM's own tasks for cuBLAS begin at the beginning of arrays and have their sizes baked in;
 * this one reads its numbers when it is called, and hands places within arrays on to TornadoVM's provider for cuBLAS.
 */
public final class ProductLibrary implements TornadoLibraryProvider {
    private static final String CUBLAS = "nvidia/cublas";

    /** Places of matrices among the arguments of {@link #FUNCTION}, which has 17. */
    private static final int FIRST = 6;

    private static final int SECOND = 9;
    private static final int RESULT = 13;
    private static final int ARGUMENTS = 17;
    private static final String FUNCTION = "cublasSgemmStridedBatched";

    /** What cuBLAS calls a matrix as it lies, and a transposed one. */
    private static final int AS_IT_LIES = 0;

    private static final int TRANSPOSED = 1;

    /** Called by {@link java.util.ServiceLoader}. */
    public ProductLibrary() {}

    /**
     * What is kept for a plan.
     *
     * @param provider of cuBLAS
     * @param context its own
     */
    public record Cublas(TornadoLibraryProvider provider, LibraryContext context) implements LibraryContext {}

    @Override
    public String libraryName() {
        return LibraryProduct.LIBRARY;
    }

    /** Whether the device has cuBLAS is said by {@link #createContext}, with the reason. */
    @Override
    public boolean canHandle(TornadoXPUDevice device) {
        return true;
    }

    @Override
    public LibraryContext createContext(TornadoXPUDevice device, long executionPlanId) {
        TornadoLibraryProvider provider = LibraryRegistry.findProvider(CUBLAS, device);
        return new Cublas(provider, provider.createContext(device, executionPlanId));
    }

    @Override
    public void dispatch(String functionName, LibraryInvocation call) {
        Cublas cublas = (Cublas) call.getContext();
        LibraryProduct product = LibraryProduct.of((IntArray) call.getArg(LibraryProduct.NUMBERS));
        Object[] arguments = {
            product.isTransposed() ? TRANSPOSED : AS_IT_LIES,
            AS_IT_LIES,
            product.m(),
            product.n(),
            product.k(),
            1f,
            call.getArg(product.first().argument()),
            product.first().leading(),
            product.first().stride(),
            call.getArg(product.second().argument()),
            product.second().leading(),
            product.second().stride(),
            0f,
            call.getArg(product.result().argument()),
            product.result().leading(),
            product.result().stride(),
            product.batches()
        };
        long[] pointers = new long[ARGUMENTS];
        boolean[] isReference = new boolean[ARGUMENTS];
        pointers[FIRST] = pointer(call, product.first());
        pointers[SECOND] = pointer(call, product.second());
        pointers[RESULT] = pointer(call, product.result());
        isReference[FIRST] = true;
        isReference[SECOND] = true;
        isReference[RESULT] = true;
        cublas.provider.dispatch(
                FUNCTION,
                new LibraryInvocation(
                        arguments,
                        pointers,
                        isReference,
                        call.getDevice(),
                        call.getExecutionPlanId(),
                        cublas.context,
                        null));
    }

    private static long pointer(LibraryInvocation call, Matrix matrix) {
        return call.getDevicePointer(matrix.argument()) + (long) Float.BYTES * matrix.at();
    }

    @Override
    public void destroyContext(LibraryContext context) {
        Cublas cublas = (Cublas) context;
        cublas.provider.destroyContext(cublas.context);
    }
}
