package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C on a command in a process of its own. */
@DisabledOnOs(OS.WINDOWS)
class InterruptTest {
    @TempDir
    Path folder;

    @Test
    void theProcessEndsSoonAndLeavesNothingBehind() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules",
                        "jdk.incubator.vector",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Aquarelle.class.getName(),
                        "an owl",
                        "--steps",
                        "500",
                        "--verbose",
                        "--out",
                        folder.toString())
                .redirectErrorStream(true)
                .start();
        try (BufferedReader output = process.inputReader()) {
            String line = output.readLine();
            while (line != null && !line.contains("backend")) {
                line = output.readLine();
            }
            assertThat(line).as("the backend is told when the model is loaded").isNotNull();
            Thread.sleep(700); // so that it is at work, or about to be

            long start = System.nanoTime();
            new ProcessBuilder("kill", "-INT", Long.toString(process.pid()))
                    .start()
                    .waitFor();
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
            Duration took = Duration.ofNanos(System.nanoTime() - start);

            assertThat(process.exitValue()).isEqualTo(130);
            assertThat(took).isLessThan(Duration.ofSeconds(3)); // a second on a machine that does nothing else
            assertThat(output.lines().toList().getLast()).isEqualTo("aquarelle: stopped"); // behind what --verbose said
            assertThat(folder).isEmptyDirectory();
        } finally {
            process.destroyForcibly();
        }
    }
}
