package dev.aquarelle.cli;

import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Backends;
import java.util.Iterator;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** What may stand behind {@code --backend}; as a list for the help, the names of those that are installed. */
final class BackendNames implements Iterable<String> {
    static final String BEST = "auto";

    /** For picocli. */
    BackendNames() {}

    @Override
    public Iterator<String> iterator() {
        return installed().iterator();
    }

    private static List<String> installed() {
        return Backends.installed().stream().map(Backend.Provider::name).toList();
    }

    /**
     * Refuses a backend that is not installed, before anything is opened.
     *
     * @throws ParameterException if there is none of this name
     */
    static void requireInstalled(CommandLine line, String backend) {
        List<String> installed = installed();
        if (!backend.equals(BEST) && !installed.contains(backend)) {
            throw new ParameterException(line, "--backend: expected one of %s, found %s".formatted(installed, backend));
        }
    }
}
