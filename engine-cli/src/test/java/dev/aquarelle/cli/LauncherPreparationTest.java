package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the script {@code ./aquarelle} prepares for later starts, whatever comes between. */
@DisabledOnOs(OS.WINDOWS)
class LauncherPreparationTest {
    private static final String TRAINS = """
        #!/bin/sh
        case "$*" in
            *AOTMode=record*)
                [ ! -e slow ] || exec sleep 60
                ;;
            *AOTMode=create*)
                for a; do case $a in -XX:AOTCache=*) echo classes >"${a#*=}" ;; esac; done
                ;;
            *) for a; do echo "[$a]"; done ;;
        esac
        """;

    @TempDir
    Path folder;

    private FakeClone fake;

    @BeforeEach
    void makeAClone() throws IOException {
        fake = new FakeClone(folder);
        fake.java(TRAINS);
    }

    private Path target() {
        return fake.clone.resolve("target");
    }

    private Path cache() throws IOException {
        try (Stream<Path> files = Files.list(target())) {
            return files.filter(file -> file.toString().endsWith(".aot"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void theCacheIsMadeOnceAndUsed() throws Exception {
        FakeClone.Result first = fake.run("x");
        FakeClone.Result second = fake.run("x");

        assertThat(first.err()).contains("teaching the JVM to start faster");
        assertThat(first.out()).contains("[-XX:AOTCache=");
        assertThat(second.err()).isEmpty();
        assertThat(second.out()).isEqualTo(first.out());
        assertThat(target().resolve("aquarelle.training")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "classez\n", "class"})
    void aDamagedCacheIsMadeAnew(String content) throws Exception {
        fake.run("x");
        Files.writeString(cache(), content);

        FakeClone.Result next = fake.run("x");

        assertThat(next.err()).contains("teaching the JVM").doesNotContain("built by mvn");
        assertThat(cache()).hasContent("classes");
        assertThat(fake.run("x").err()).isEmpty();
    }

    @Test
    void aJvmThatMakesNoCacheIsNotAskedAgain() throws Exception {
        fake.java("#!/bin/sh\nexit 1\n");
        fake.run("x");
        fake.java(TRAINS);

        FakeClone.Result next = fake.run("x");

        assertThat(next.err()).isEmpty();
        assertThat(next.out()).doesNotContain("AOTCache").endsWith("[x]\n");
    }

    @Test
    void aStopWhileTheCacheIsMadeIsHeededAtOnceAndLeavesNothing() throws Exception {
        Path slow = Files.writeString(folder.resolve("slow"), "");
        FakeClone.Running run = fake.start("stopped", fake.clone.resolve("aquarelle"), "x");
        while (!Files.isDirectory(target().resolve("aquarelle.training"))) {
            assertThat(run.process().isAlive()).isTrue();
            Thread.sleep(10);
        }
        run.process().destroy();

        assertThat(run.process().waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(run.result().status()).isEqualTo(143);
        assertThat(run.result().out()).isEmpty();
        assertThat(target().toFile().list())
                .containsExactlyInAnyOrder("aquarelle", "aquarelle.built", "aquarelle.lock");
        Files.delete(slow);
        assertThat(fake.run("x").err()).contains("teaching the JVM").doesNotContain("built by mvn");
    }

    @ParameterizedTest(name = "with flock: {0}")
    @ValueSource(booleans = {true, false})
    void ofTwoFirstRunsOneBuildsAndTheOtherWaits(boolean flock) throws Exception {
        if (!flock) {
            fake.takeToolsAway();
        }
        Files.writeString(fake.clone.resolve("slow"), "");

        FakeClone.Running one = fake.start("one", fake.clone.resolve("aquarelle"), "x");
        FakeClone.Running other = fake.start("other", fake.clone.resolve("aquarelle"), "x");

        String said = one.result().err() + other.result().err();
        assertThat(said).containsOnlyOnce("built by mvn").containsOnlyOnce("teaching the JVM");
        assertThat(said).containsOnlyOnce("waiting for another one that builds");
        assertThat(one.result().out())
                .endsWith("[x]\n")
                .isEqualTo(other.result().out());
    }

    @ParameterizedTest(name = "with flock: {0}")
    @ValueSource(booleans = {true, false})
    void aLockOfNobodyIsNoObstacle(boolean flock) throws Exception {
        if (!flock) {
            fake.takeToolsAway();
        }
        Files.createDirectories(target());
        Files.writeString(target().resolve("aquarelle.lock"), "2147483647\n"); // more processes than any system has

        assertThat(fake.run("x").out()).endsWith("[x]\n");
        assertThat(fake.run("x").err()).isEmpty();
    }
}
