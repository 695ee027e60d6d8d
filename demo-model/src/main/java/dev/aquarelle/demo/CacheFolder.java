package dev.aquarelle.demo;

import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;

/** Where programs keep what they can make again, by the custom of the system. */
final class CacheFolder {
    private static final String OURS = "aquarelle";

    private CacheFolder() {}

    static Path ofUser() {
        return of(System.getenv(), System.getProperties());
    }

    static Path of(Map<String, String> environment, Properties properties) {
        Path home = Path.of(properties.getProperty("user.home", "."));
        String system = properties.getProperty("os.name", "");
        if (system.startsWith("Windows")) {
            String local = environment.get("LOCALAPPDATA");
            return (local == null ? home.resolve("AppData/Local") : Path.of(local)).resolve(OURS);
        }
        if (system.startsWith("Mac")) {
            return home.resolve("Library/Caches").resolve(OURS);
        }
        String cache = environment.getOrDefault("XDG_CACHE_HOME", "");
        boolean usable = cache.startsWith("/"); // the XDG specification: relative paths are to be ignored
        return (usable ? Path.of(cache) : home.resolve(".cache")).resolve(OURS);
    }
}
