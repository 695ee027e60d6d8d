package dev.aquarelle.ops;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/** Finds backends by {@link ServiceLoader} and opens one. */
public final class Backends {
    private static final Logger LOG = System.getLogger(Backends.class.getName());

    private Backends() {}

    /** What is installed, best first. */
    public static List<Backend.Provider> installed() {
        return ServiceLoader.load(Backend.Provider.class).stream()
                .map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparingInt(Backend.Provider::rank).reversed())
                .toList();
    }

    /**
     * Opens the backend of that name, or with {@code auto} the best one that this machine can run; logs which and why in a line.
     *
     * @throws BackendException if there is none of that name or it cannot run here
     */
    public static Backend open(String name, BackendOptions options) {
        List<Backend.Provider> installed = installed();
        if (!name.equals("auto")) {
            return installed.stream()
                    .filter(p -> p.name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new BackendException(
                            "no backend named %s, installed: %s".formatted(name, names(installed))))
                    .open(options);
        }
        StringBuilder passedOver = new StringBuilder();
        for (Backend.Provider provider : installed) {
            try {
                Backend backend = provider.open(options);
                LOG.log(Level.INFO, "backend {0}: {1}{2}", backend.name(), backend.description(), passedOver);
                return backend;
            } catch (BackendException e) {
                passedOver.append("; not ").append(provider.name()).append(": ").append(e.getMessage());
            }
        }
        throw new BackendException("no backend can run here, installed: " + names(installed) + passedOver);
    }

    private static String names(List<Backend.Provider> providers) {
        return providers.stream().map(Backend.Provider::name).collect(Collectors.joining(", "));
    }
}
