package dev.aquarelle.cli;

import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendDevice;
import dev.aquarelle.ops.BackendException;
import dev.aquarelle.ops.Backends;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code aquarelle devices}: what {@code --device} can choose. */
@Command(
        name = "devices",
        description = "List the devices that backends can choose from, as --device takes them.",
        mixinStandardHelpOptions = true)
final class DevicesCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        for (Backend.Provider provider : Backends.installed()) {
            list(provider, out);
        }
        out.flush();
    }

    private static void list(Backend.Provider provider, PrintWriter out) {
        try {
            List<BackendDevice> devices = provider.devices();
            for (BackendDevice device : devices) {
                String note = device.isAutomatic() ? "" : "; only when asked for";
                out.printf("%-10s  %s%s%n", provider.name(), Printable.of(device.description()), note);
            }
            if (devices.isEmpty()) {
                out.printf("%-10s  no choice: the processor%n", provider.name());
            }
        } catch (BackendException e) {
            out.printf("%-10s  none: %s%n", provider.name(), Printable.of(String.valueOf(e.getMessage())));
        }
    }
}
