package dev.aquarelle.cli;

import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Backends;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** What may stand behind {@code --backend}. */
public final class BackendNames {
    private static final String BEST = "auto";

    private BackendNames() {}

    /**
     * Refuses a backend that is not installed, before anything is opened.
     *
     * @throws ParameterException if there is none of this name
     */
    public static void requireInstalled(CommandLine line, String backend) {
        List<String> installed =
                Backends.installed().stream().map(Backend.Provider::name).toList();
        if (!backend.equals(BEST) && !installed.contains(backend)) {
            throw new ParameterException(line, "--backend: expected one of %s, found %s".formatted(installed, backend));
        }
    }
}
