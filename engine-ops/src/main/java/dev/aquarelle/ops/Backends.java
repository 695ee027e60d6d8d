package dev.aquarelle.ops;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Collectors;

/** Finds backends by {@link ServiceLoader} and opens one. */
public final class Backends {
    private static final Logger LOG = System.getLogger(Backends.class.getName());

    private Backends() {}

    /** What there is, and what announces itself but cannot be loaded, as the end of a message. */
    private record Found(List<Backend.Provider> providers, String unloadable) {}

    /** What is installed, best first; what cannot be loaded is passed over. */
    public static List<Backend.Provider> installed() {
        return find().providers;
    }

    private static Found find() {
        List<Backend.Provider> providers = new ArrayList<>();
        Set<String> unloadable = new LinkedHashSet<>();
        Iterator<Backend.Provider> iterator =
                ServiceLoader.load(Backend.Provider.class).iterator();
        while (true) {
            try {
                if (!iterator.hasNext()) {
                    break;
                }
                providers.add(iterator.next());
            } catch (ServiceConfigurationError e) {
                if (!unloadable.add("; not loadable: " + e.getMessage())) {
                    break; // the same again: the loader does not get past it
                }
            }
        }
        providers.sort(Comparator.comparingInt(Backend.Provider::rank).reversed());
        return new Found(List.copyOf(providers), String.join("", unloadable));
    }

    /**
     * Opens the backend of that name, or with {@code auto} the best one that this machine can run; logs which and why in a line.
     *
     * @throws BackendException if there is none of that name or it cannot run here
     */
    public static Backend open(String name, BackendOptions options) {
        Found found = find();
        if (!name.equals("auto")) {
            Backend.Provider provider = found.providers.stream()
                    .filter(p -> p.name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new BackendException(
                            "no backend named %s, installed: %s%s".formatted(name, names(found), found.unloadable)));
            Backend backend = provider.open(options);
            LOG.log(Level.INFO, "backend {0}: {1}; asked for by name", backend.name(), backend.description());
            return backend;
        }
        StringBuilder passedOver = new StringBuilder(found.unloadable);
        for (Backend.Provider provider : found.providers) {
            try {
                Backend backend = provider.open(options);
                LOG.log(
                        Level.INFO,
                        "backend {0}: {1}; the best that runs here{2}",
                        backend.name(),
                        backend.description(),
                        passedOver);
                return backend;
            } catch (BackendException e) {
                passedOver.append("; not ").append(provider.name()).append(": ").append(e.getMessage());
            }
        }
        throw new BackendException("no backend can run here, installed: " + names(found) + passedOver);
    }

    private static String names(Found found) {
        return found.providers.stream().map(Backend.Provider::name).collect(Collectors.joining(", "));
    }
}
