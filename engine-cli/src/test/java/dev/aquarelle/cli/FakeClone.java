package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The script {@code ./aquarelle} in a clone of its own, with a Maven and a JDK that only say what they were asked to do. */
final class FakeClone {
    private static final Path SCRIPT = Path.of("../aquarelle");

    /** All that the script needs of a system. */
    private static final List<String> TOOLS = List.of(
            "cat",
            "cksum",
            "cp",
            "dirname",
            "find",
            "head",
            "mkdir",
            "mv",
            "readlink",
            "rm",
            "sed",
            "sh",
            "sleep",
            "touch",
            "tr");

    private static final String SAYS_ARGUMENTS = "#!/bin/sh\nfor a; do echo \"[$a]\"; done\n";
    private static final String BUILDS = """
        #!/bin/sh
        echo built by mvn in "$PWD" for $JAVA25_HOME >&2
        [ ! -e broken ] || exit 1
        [ ! -e slow ] || sleep 1
        mkdir -p engine-cli/target/lib && touch engine-cli/target/lib/gson.jar engine-cli/target/engine-cli-1.jar
        """;

    final Path folder;
    final Path clone;
    final Path jdk;
    final Map<String, String> environment = new HashMap<>();

    record Result(int status, String out, String err) {}

    /** A run that goes on, and the files it writes to. */
    record Running(Process process, Path out, Path err) {
        Result result() throws IOException, InterruptedException {
            int status = process.waitFor();
            return new Result(
                    status,
                    Files.readString(out, StandardCharsets.UTF_8),
                    Files.readString(err, StandardCharsets.UTF_8));
        }
    }

    FakeClone(Path folder) throws IOException {
        this.folder = folder;
        this.clone = Files.createDirectories(folder.resolve("a clone"));
        executable(clone.resolve("aquarelle"), Files.readString(SCRIPT));
        Files.createDirectories(clone.resolve("engine-cli/src/main"));
        Files.writeString(clone.resolve("pom.xml"), "");
        Files.writeString(clone.resolve("engine-cli/pom.xml"), "");
        this.jdk = Files.createDirectories(folder.resolve("a jdk/bin")).getParent();
        java(SAYS_ARGUMENTS);
        executable(jdk.resolve("bin/javac"), "");
        Files.writeString(
                jdk.resolve("release"), "JAVA_VERSION=\"25.0.1\"\nMODULES=\"java.base jdk.incubator.vector\"\n");
        executable(Files.createDirectories(folder.resolve("bin")).resolve("mvn"), BUILDS);
        environment.put("JAVA_HOME", jdk.toString());
        environment.put("PATH", folder.resolve("bin") + ":/usr/bin:/bin");
    }

    /** Another JVM. */
    void java(String script) throws IOException {
        executable(jdk.resolve("bin/java"), script);
    }

    /** Leaves nothing on the PATH but what every system has. */
    void takeToolsAway() throws IOException {
        Path tools = Files.createDirectories(folder.resolve("tools"));
        for (String tool : TOOLS) {
            Path usr = Path.of("/usr/bin", tool);
            Path found = Files.exists(usr) ? usr : Path.of("/bin", tool);
            executable(tools.resolve(tool), "#!/bin/sh\nexec %s \"$@\"\n".formatted(found));
        }
        environment.put("PATH", folder.resolve("bin") + ":" + tools);
    }

    static void executable(Path file, String content) throws IOException {
        Files.writeString(file, content);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    Result run(String... args) throws IOException, InterruptedException {
        return run(clone.resolve("aquarelle"), args);
    }

    Result run(Path script, String... args) throws IOException, InterruptedException {
        return start("run", script, args).result();
    }

    Running start(String name, Path script, String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(script.toString()));
        command.addAll(List.of(args));
        Path out = folder.resolve(name + ".out");
        Path err = folder.resolve(name + ".err");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().putAll(environment);
        return new Running(builder.start(), out, err);
    }
}
