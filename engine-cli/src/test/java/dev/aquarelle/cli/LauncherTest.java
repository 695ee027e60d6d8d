package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the script {@code ./aquarelle} builds and how it starts the command. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
    @TempDir
    Path folder;

    private FakeClone fake;

    @BeforeEach
    void makeAClone() throws IOException {
        fake = new FakeClone(folder);
    }

    @Test
    void theFirstRunBuildsAndSaysSoTheSecondDoesNot() throws Exception {
        FakeClone.Result first = fake.run("a red apple", "--seed", "1");
        FakeClone.Result second = fake.run("a red apple");

        Path clone = fake.clone.toRealPath();
        assertThat(first.status()).isZero();
        assertThat(first.err())
                .contains("building, the first time only", "built by mvn in " + clone, fake.jdk.toString());
        assertThat(first.out()).endsWith("[dev.aquarelle.cli.Aquarelle]\n[a red apple]\n[--seed]\n[1]\n");
        assertThat(first.out()).contains("[--add-modules=jdk.incubator.vector]", "[" + clone + "/target/aquarelle/*]");
        assertThat(second.err()).isEmpty();
        assertThat(second.out()).endsWith("[a red apple]\n");
    }

    @Test
    void aChangedSourceIsBuiltAgain() throws Exception {
        fake.run("x");
        Path source = Files.writeString(fake.clone.resolve("engine-cli/src/main/New.java"), "");
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(5)));

        assertThat(fake.run("x").err()).contains("the sources have changed", "built by mvn");
    }

    @Test
    void aFailedBuildIsSaidAndTriedAgain() throws Exception {
        Path broken = Files.writeString(fake.clone.resolve("broken"), "");
        FakeClone.Result failed = fake.run("x");
        Files.delete(broken);

        assertThat(failed.status()).isEqualTo(1);
        assertThat(failed.err()).contains("the build failed");
        assertThat(failed.out()).isEmpty();
        assertThat(fake.run("x").status()).isZero();
    }

    @Test
    void itWorksThroughLinksFromAnyFolder() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("bin/paint"), Path.of("../a clone/aquarelle"));
        Path linkToLink = Files.createSymbolicLink(folder.resolve("again"), link);

        assertThat(fake.run(linkToLink, "x y", "").out()).endsWith("[x y]\n[]\n");
    }

    @Test
    void aJdkWithoutVectorsWillDo() throws Exception {
        Files.writeString(fake.jdk.resolve("release"), "JAVA_VERSION=\"26\"\nMODULES=\"java.base\"\n");

        assertThat(fake.run("x").out()).doesNotContain("--add-modules").endsWith("[x]\n");
    }

    @ParameterizedTest(name = "locale charmap says [{0}]")
    @ValueSource(strings = {"ANSI_X3.4-1968", "ISO-8859-1", "", "UTF-8"})
    void argumentsAreReadAsUtf8InEveryLocale(String charmap) throws Exception {
        fake.java("#!/bin/sh\necho \"$LC_ALL\"\n");
        FakeClone.executable(folder.resolve("bin/locale"), "#!/bin/sh\necho '%s'\n".formatted(charmap));
        fake.environment.put("LC_ALL", "mine");

        assertThat(fake.run("x").out()).isEqualTo(charmap.equals("UTF-8") ? "mine\n" : "C.UTF-8\n");
    }

    @Test
    void whereNobodyTellsTheLocaleItIsUtf8() throws Exception {
        fake.java("#!/bin/sh\necho \"$LC_ALL\"\n");
        fake.environment.put("LC_ALL", "mine");
        fake.takeToolsAway();

        assertThat(fake.run("x").out()).isEqualTo("C.UTF-8\n");
    }
}
