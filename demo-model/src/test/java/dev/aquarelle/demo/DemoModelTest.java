package dev.aquarelle.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DemoModelTest {
    private static final String PREFIX = "demo/model/";

    @TempDir
    Path folder;

    @Test
    void theBundledModelIsAFolderOfFiles() {
        assertThat(DemoModel.path()).isDirectoryContaining("glob:**/model_index.json");
        assertThat(DemoModel.path().resolve("generation_config.json")).isNotEmptyFile();
        assertThat(DemoModel.referencePictures()).isDirectoryContaining("glob:**/*.png");
    }

    @Test
    void aModelInAJarIsUnpackedOnce() throws IOException {
        try (JarFile jar = jar("one", "two")) {
            Path cache = folder.resolve("cache/below");
            Path model = new UnpackedFolder(jar, PREFIX).in(cache);

            assertThat(model.resolve("a.txt")).hasContent("one");
            assertThat(model.resolve("unet/b.txt")).hasContent("two");
            Object first = Files.readAttributes(model, "unix:ino").get("ino");
            assertThat(new UnpackedFolder(jar, PREFIX).in(cache)).isEqualTo(model);
            assertThat(Files.readAttributes(model, "unix:ino").get("ino")).isEqualTo(first);
            assertThat(cache.toFile().list()).hasSize(1);
        }
    }

    @Test
    void aDamagedCopyIsMadeAgain() throws IOException {
        try (JarFile jar = jar("one", "two")) {
            Path model = new UnpackedFolder(jar, PREFIX).in(folder);
            Files.writeString(model.resolve("a.txt"), "o");

            assertThat(new UnpackedFolder(jar, PREFIX).in(folder).resolve("a.txt"))
                    .hasContent("one");
        }
    }

    @Test
    void anotherModelHasAnotherFolder() throws IOException {
        Path first;
        try (JarFile jar = jar("one", "two")) {
            first = new UnpackedFolder(jar, PREFIX).in(folder);
        }
        try (JarFile jar = jar("uno", "two")) {
            assertThat(new UnpackedFolder(jar, PREFIX).in(folder)).isNotEqualTo(first);
        }
    }

    @Test
    void theClassFindsItsModelInAJar() throws Exception {
        Path jar = folder.resolve("demo.jar");
        String ours = "dev/aquarelle/demo/";
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            for (String name : List.of("DemoModel", "UnpackedFolder", "CacheFolder")) {
                byte[] code =
                        DemoModel.class.getResourceAsStream(name + ".class").readAllBytes();
                add(out, ours + name + ".class", code);
            }
            add(out, ours + "MODEL_CARD.md", new byte[1]);
            add(out, ours + "model/model_index.json", "{}".getBytes(StandardCharsets.UTF_8));
        }
        String home = System.setProperty("user.home", folder.toString());
        try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, null)) {
            Path model = (Path) loader.loadClass(DemoModel.class.getName())
                    .getMethod("path")
                    .invoke(null);
            assertThat(model.resolve("model_index.json")).hasContent("{}");
        } finally {
            System.setProperty("user.home", home);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "Linux, XDG_CACHE_HOME, /c, /c/aquarelle",
        "Linux, XDG_CACHE_HOME, c, /home/me/.cache/aquarelle",
        "Linux, NOTHING, c, /home/me/.cache/aquarelle",
        "Mac OS X, NOTHING, c, /home/me/Library/Caches/aquarelle",
        "Windows 11, LOCALAPPDATA, /local, /local/aquarelle",
        "Windows 11, NOTHING, c, /home/me/AppData/Local/aquarelle",
    })
    void theCacheFolderIsTheSystems(String system, String variable, String value, String expected) {
        Properties properties = new Properties();
        properties.setProperty("os.name", system);
        properties.setProperty("user.home", "/home/me");

        assertThat(CacheFolder.of(Map.of(variable, value), properties)).isEqualTo(Path.of(expected));
    }

    private JarFile jar(String a, String b) throws IOException {
        Path file = folder.resolve(a + ".jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(file))) {
            add(out, PREFIX + "a.txt", a.getBytes(StandardCharsets.UTF_8));
            add(out, PREFIX + "unet/b.txt", b.getBytes(StandardCharsets.UTF_8));
            add(out, "demo/other.txt", new byte[1]);
        }
        return new JarFile(file.toFile());
    }

    private static void add(JarOutputStream out, String name, byte[] content) throws IOException {
        out.putNextEntry(new JarEntry(name));
        out.write(content);
        out.closeEntry();
    }
}
