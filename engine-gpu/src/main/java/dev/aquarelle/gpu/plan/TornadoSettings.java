package dev.aquarelle.gpu.plan;

import dev.aquarelle.ops.BackendException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How the JVM was started for TornadoVM; asks nothing of TornadoVM itself, which may not be there. */
public final class TornadoSettings {
    /** TornadoVM's own default. */
    private static final String DEVICE_MEMORY = "4GB";

    private static final Pattern SIZE = Pattern.compile("(\\d{1,12})([KMGTPE]?)B?");

    private TornadoSettings() {}

    /**
     * What must hold before TornadoVM is asked for anything.
     *
     * @throws BackendException with what to do, if it does not
     */
    public static void require() {
        try {
            Class.forName("uk.ac.manchester.tornado.api.TornadoRuntime", false, TornadoSettings.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new BackendException(
                    "TornadoVM is not there: install it and set TORNADOVM_HOME to its folder for the script"
                            + " ./aquarelle, or start java with @$TORNADOVM_HOME/tornado-argfile"
                            + " -Dtornado.recover.bailout=False");
        }
        if (System.getProperty("tornado.load.runtime.implementation") == null) {
            throw new BackendException(
                    "TornadoVM's argument file is missing: set TORNADOVM_HOME for the script ./aquarelle, or start"
                            + " java with @$TORNADOVM_HOME/tornado-argfile");
        }
        if (!System.getProperty("tornado.recover.bailout", "True").equalsIgnoreCase("False")) {
            throw new BackendException("expected -Dtornado.recover.bailout=False, found "
                    + System.getProperty("tornado.recover.bailout", "nothing")
                    + ": TornadoVM would run what it cannot compile on the host, with wrong results");
        }
    }

    /**
     * Bytes that TornadoVM may take of a device.
     *
     * @throws BackendException if the setting is no size
     */
    static long deviceMemory() {
        String size = System.getProperty("tornado.device.memory", DEVICE_MEMORY);
        Matcher matcher = SIZE.matcher(size);
        if (!matcher.matches()) {
            throw new BackendException("-Dtornado.device.memory: expected a size like 8GB, found " + size);
        }
        int power = matcher.group(2).isEmpty() ? 0 : "KMGTPE".indexOf(matcher.group(2)) + 1;
        return (long) Math.min(Long.MAX_VALUE, Double.parseDouble(matcher.group(1)) * Math.pow(1024, power));
    }
}
