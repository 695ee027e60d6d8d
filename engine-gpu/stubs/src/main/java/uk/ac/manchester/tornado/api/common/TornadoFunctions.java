package uk.ac.manchester.tornado.api.common;

/** What a task can be. */
public final class TornadoFunctions {
    private TornadoFunctions() {}

    /** A method of five arguments. */
    @FunctionalInterface
    public interface Task5<T1, T2, T3, T4, T5> {
        void apply(T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5);
    }

    /** Describes the call of a library with four arguments. */
    @FunctionalInterface
    public interface LibraryTask4<T1, T2, T3, T4> {
        LibraryTaskDescriptor apply(T1 arg1, T2 arg2, T3 arg3, T4 arg4);
    }
}
