package dev.aquarelle.cli;

import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendException;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code aquarelle backends}: what can compute here. */
@Command(
        name = "backends",
        description = "List what can run a model on this machine, the best one first.",
        mixinStandardHelpOptions = true)
final class BackendsCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        for (Backend.Provider provider : Backends.installed()) {
            out.printf("%-10s  %s%n", provider.name(), describe(provider));
        }
        out.flush();
    }

    private static String describe(Backend.Provider provider) {
        try (Backend backend = provider.open(BackendOptions.DEFAULT)) {
            return backend.description();
        } catch (BackendException e) {
            return "not here: " + e.getMessage();
        }
    }
}
