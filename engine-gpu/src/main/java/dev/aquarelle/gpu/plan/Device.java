package dev.aquarelle.gpu.plan;

import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** What runs stages. */
public interface Device extends AutoCloseable {

    /** One line on what it is. */
    String description();

    /** Bytes that a program may take on it. */
    long memory();

    /** Bytes that one array may take on it. */
    long largestArray();

    /** Whether it has a library that computes {@link Kernel#LIBRARY_PRODUCT}. */
    boolean hasLibrary();

    /** Makes stages ready that share the values {@code x}; takes nothing of the device yet. */
    Run prepare(List<Stage> stages, FloatArray x);

    @Override
    void close();

    /** Stages that are ready. */
    interface Run extends AutoCloseable {

        /** Takes the memory of the values. Where that fails, {@link #close} gives back what it had taken until then. */
        void start();

        /** Sends a stage's arrays, if that is due: weights once, others each time; weights that share an array, before its launches. */
        void load(int stage);

        /** Runs a launch of a stage, to its end. */
        void launch(int stage, int launch);

        /** Gives all memory back. */
        @Override
        void close();
    }
}
