package dev.aquarelle.cli;

import dev.aquarelle.ops.BackendOptions;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What computes, and with what: the same options of every command that computes. */
public final class BackendChoice {
    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            completionCandidates = BackendNames.class,
            description = "What computes: ${COMPLETION-CANDIDATES}; see aquarelle backends (default: the best one).")
    private String backend = BackendNames.BEST;

    @Option(
            names = "--device",
            paramLabel = "ID",
            description = "What the backend computes on; see aquarelle devices (default: the best one).")
    private String device = "";

    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            description = "Threads to compute with (default: as many as processors).")
    private int threads;

    /** For picocli. */
    public BackendChoice() {}

    /** The backend's name, or {@code auto}. */
    public String name() {
        return backend;
    }

    /**
     * The rest of the choice. Asks for nothing that takes time.
     *
     * @throws ParameterException if there is no such backend, or such a number of threads
     */
    public BackendOptions options() {
        BackendNames.requireInstalled(spec.commandLine(), backend);
        try {
            return new BackendOptions(threads, device);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--" + e.getMessage(), e);
        }
    }
}
