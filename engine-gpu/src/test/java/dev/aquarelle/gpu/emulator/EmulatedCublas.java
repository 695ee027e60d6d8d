package dev.aquarelle.gpu.emulator;

import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;

/**
 * TornadoVM's provider for cuBLAS, of which it has one function, in the order of arguments of {@code cublasSgemmStridedBatched}: matrices by
 * columns at addresses of a memory that consists of arrays. What it reads or writes outside of them fails.
 */
final class EmulatedCublas implements TornadoLibraryProvider {
    /** From one array of the memory to the next. */
    private static final long DISTANCE = 1L << 40;

    private final List<FloatArray> memory;

    EmulatedCublas(FloatArray... memory) {
        this.memory = List.of(memory);
    }

    /** Where an array of the memory begins. */
    static long address(int array) {
        return (array + 1) * DISTANCE + 24; // TornadoVM's header
    }

    @Override
    public String libraryName() {
        return "nvidia/cublas";
    }

    @Override
    public boolean canHandle(TornadoXPUDevice device) {
        return true;
    }

    @Override
    public LibraryContext createContext(TornadoXPUDevice device, long executionPlanId) {
        return new LibraryContext() {};
    }

    @Override
    public void dispatch(String functionName, LibraryInvocation call) {
        if (!functionName.equals("cublasSgemmStridedBatched")) {
            throw new IllegalArgumentException(functionName);
        }
        int m = (int) call.getArg(2);
        int n = (int) call.getArg(3);
        int k = (int) call.getArg(4);
        Matrix a = new Matrix(call, 6, (int) call.getArg(0), m, k);
        Matrix b = new Matrix(call, 9, (int) call.getArg(1), k, n);
        Matrix c = new Matrix(call, 13, 0, m, n);
        float beta = (float) call.getArg(12);
        for (int batch = 0; batch < (int) call.getArg(16); batch++) {
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double sum = 0;
                    for (int term = 0; term < k; term++) {
                        sum += (double) get(a.at(batch, i, term)) * get(b.at(batch, term, j));
                    }
                    long at = c.at(batch, i, j);
                    double before = beta == 0 ? 0 : beta * get(at); // what C holds is not read then
                    array(at).set(index(at), (float) ((float) call.getArg(5) * sum + before));
                }
            }
        }
    }

    /** An argument: its address, its leading dimension behind it, its stride behind that. */
    private record Matrix(long address, int leading, long stride, boolean isTransposed) {
        Matrix(LibraryInvocation call, int argument, int operation, int rows, int columns) {
            this(
                    call.getDevicePointer(argument),
                    (int) call.getArg(argument + 1),
                    (long) call.getArg(argument + 2),
                    operation == 1);
            int least = Math.max(1, isTransposed ? columns : rows);
            if (leading < least || operation < 0 || operation > 1 || !call.isReference(argument)) {
                throw new IllegalArgumentException("CUBLAS_STATUS_INVALID_VALUE: argument %d, operation %d, %s"
                        .formatted(argument, operation, this));
            }
        }

        long at(int batch, int row, int column) {
            long place = isTransposed ? column + (long) row * leading : row + (long) column * leading;
            return address + Float.BYTES * (batch * stride + place);
        }
    }

    private float get(long address) {
        return array(address).get(index(address));
    }

    private FloatArray array(long address) {
        return memory.get((int) (address / DISTANCE) - 1);
    }

    private static int index(long address) {
        return Math.toIntExact((address % DISTANCE - 24) / Float.BYTES);
    }

    @Override
    public void destroyContext(LibraryContext context) {}
}
