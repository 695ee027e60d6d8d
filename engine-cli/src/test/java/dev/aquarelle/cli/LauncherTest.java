package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code ./aquarelle} in a clone of its own, with a Maven and a JDK that only say what they were asked to do. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
    private static final Path SCRIPT = Path.of("../aquarelle");
    private static final String SAYS_ARGUMENTS = "#!/bin/sh\nfor a; do echo \"[$a]\"; done\n";
    private static final String BUILDS = """
        #!/bin/sh
        echo built by mvn in "$PWD" for $JAVA25_HOME >&2
        [ ! -e broken ] || exit 1
        mkdir -p engine-cli/target/lib && touch engine-cli/target/lib/gson.jar engine-cli/target/engine-cli-1.jar
        """;

    @TempDir
    Path folder;

    private Path clone;
    private Path jdk;

    private record Result(int status, String out, String err) {}

    @BeforeEach
    void makeAClone() throws IOException {
        clone = Files.createDirectories(folder.resolve("a clone"));
        executable(clone.resolve("aquarelle"), Files.readString(SCRIPT));
        Files.createDirectories(clone.resolve("engine-cli/src/main"));
        Files.writeString(clone.resolve("pom.xml"), "");
        Files.writeString(clone.resolve("engine-cli/pom.xml"), "");
        jdk = Files.createDirectories(folder.resolve("a jdk/bin")).getParent();
        executable(jdk.resolve("bin/java"), SAYS_ARGUMENTS);
        executable(jdk.resolve("bin/javac"), "");
        Files.writeString(
                jdk.resolve("release"), "JAVA_VERSION=\"25.0.1\"\nMODULES=\"java.base jdk.incubator.vector\"\n");
        executable(Files.createDirectories(folder.resolve("bin")).resolve("mvn"), BUILDS);
    }

    private static void executable(Path file, String content) throws IOException {
        Files.writeString(file, content);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private Result run(Path script, String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(script.toString()));
        command.addAll(List.of(args));
        Path out = folder.resolve("out.txt");
        Path err = folder.resolve("err.txt");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().put("JAVA_HOME", jdk.toString());
        builder.environment().put("PATH", folder.resolve("bin") + ":/usr/bin:/bin");
        int status = builder.start().waitFor();
        return new Result(
                status, Files.readString(out, StandardCharsets.UTF_8), Files.readString(err, StandardCharsets.UTF_8));
    }

    @Test
    void theFirstRunBuildsAndSaysSoTheSecondDoesNot() throws Exception {
        Result first = run(clone.resolve("aquarelle"), "a red apple", "--seed", "1");
        Result second = run(clone.resolve("aquarelle"), "a red apple");

        assertThat(first.status()).isZero();
        assertThat(first.err())
                .contains("building, the first time only", "built by mvn in " + clone.toRealPath(), jdk.toString());
        assertThat(first.out()).endsWith("[dev.aquarelle.cli.Aquarelle]\n[a red apple]\n[--seed]\n[1]\n");
        assertThat(first.out())
                .contains("[--add-modules=jdk.incubator.vector]", "[" + clone.toRealPath() + "/target/aquarelle/*]");
        assertThat(second.err()).isEmpty();
        assertThat(second.out()).endsWith("[a red apple]\n");
    }

    @Test
    void aChangedSourceIsBuiltAgain() throws Exception {
        run(clone.resolve("aquarelle"), "x");
        Path source = Files.writeString(clone.resolve("engine-cli/src/main/New.java"), "");
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(5)));

        assertThat(run(clone.resolve("aquarelle"), "x").err()).contains("the sources have changed", "built by mvn");
    }

    @Test
    void aFailedBuildIsSaidAndTriedAgain() throws Exception {
        Path broken = Files.writeString(clone.resolve("broken"), "");
        Result failed = run(clone.resolve("aquarelle"), "x");
        Files.delete(broken);

        assertThat(failed.status()).isEqualTo(1);
        assertThat(failed.err()).contains("the build failed");
        assertThat(failed.out()).isEmpty();
        assertThat(run(clone.resolve("aquarelle"), "x").status()).isZero();
    }

    @Test
    void itWorksThroughLinksFromAnyFolder() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("bin/paint"), Path.of("../a clone/aquarelle"));
        Path linkToLink = Files.createSymbolicLink(folder.resolve("again"), link);

        assertThat(run(linkToLink, "x y", "").out()).endsWith("[x y]\n[]\n");
    }

    @Test
    void aJdkWithoutVectorsWillDo() throws Exception {
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"26\"\nMODULES=\"java.base\"\n");

        assertThat(run(clone.resolve("aquarelle"), "x").out())
                .doesNotContain("--add-modules")
                .endsWith("[x]\n");
    }
}
