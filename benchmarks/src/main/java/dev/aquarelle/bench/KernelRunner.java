package dev.aquarelle.bench;

import dev.aquarelle.core.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A kernel made ready by a backend or a peer. */
public interface KernelRunner extends AutoCloseable {
    /** How often {@link #run} computes the kernel. */
    int REPEATS = 8;

    /** Computes it {@link #REPEATS} times. */
    void run();

    /** The result of one computation for the operands it was made with, dense, channels last. */
    float[] result();

    @Override
    void close();

    /** Another engine, found by {@link java.util.ServiceLoader}. */
    interface Peer {
        /** As users type it. */
        String name();

        /**
         * Makes a kernel ready.
         *
         * @param operands F32, and F16 for weights, channels last
         * @return null if it has no such operation
         */
        @Nullable
        KernelRunner prepare(Kernel kernel, List<Tensor> operands, int threads);
    }
}
