package dev.aquarelle.cli.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What Linux tells of this process's memory; other systems do not say it to a JVM. */
final class ProcessMemory {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path CLEAR = Path.of("/proc/self/clear_refs");
    private static final String PEAK = "VmHWM:";

    private ProcessMemory() {}

    /** The peak of resident memory, or 0 if it is not known. */
    static long peakBytes() {
        try {
            List<String> lines = Files.readAllLines(STATUS);
            for (String line : lines) {
                if (line.startsWith(PEAK)) {
                    return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
                }
            }
            return 0;
        } catch (IOException e) {
            return 0;
        }
    }

    /** Lets the peak begin anew at what is resident now, where that is allowed. */
    static void resetPeak() {
        try {
            Files.writeString(CLEAR, "5"); // proc(5): resets the peak alone
        } catch (IOException e) {
            return; // the peak is then that of all parts so far
        }
    }
}
