package dev.aquarelle.ops.cpu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a main class of the tests in a JVM of its own, with options of its own. */
final class OtherJvm {
    private OtherJvm() {}

    /**
     * The lines it prints, messages of the JVM and of loggers among them.
     *
     * @throws AssertionError if it fails or takes more than two minutes, with all it has printed
     */
    static List<String> run(Class<?> main, String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        Thread watch = Thread.ofVirtual().start(() -> destroyAfterMinutes(process));
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int code = process.waitFor();
        watch.interrupt();
        if (code != 0) {
            throw new AssertionError(command + " failed:\n" + output);
        }
        return output.lines().toList();
    }

    /** Which ends its output too. */
    private static void destroyAfterMinutes(Process process) {
        try {
            if (!process.waitFor(2, TimeUnit.MINUTES)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // it has ended
        }
    }
}
