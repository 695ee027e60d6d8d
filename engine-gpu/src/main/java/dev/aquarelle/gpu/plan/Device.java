package dev.aquarelle.gpu.plan;

import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** What runs stages. */
public interface Device extends AutoCloseable {

    /** One line on what it is. */
    String description();

    /** Bytes that a program may take on it. */
    long memory();

    /** Makes stages ready that share the values {@code x}. */
    Run prepare(List<Stage> stages, FloatArray x);

    @Override
    void close();

    /** Stages that are ready. */
    interface Run extends AutoCloseable {

        /** Runs one of them, to its end. */
        void stage(int index);

        @Override
        void close();
    }
}
