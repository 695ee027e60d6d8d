package dev.aquarelle.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** The second tier: every class, method and field of the stubs is there in the real API, with the same signature. */
@EnabledIfSystemProperty(
        named = "aquarelle.tornado",
        matches = "true",
        disabledReason = "needs TornadoVM: mvn -Ptornado with TORNADOVM_HOME set")
class StubsTest {
    private static final List<Path> STUBS =
            List.of(Path.of("stubs/target/classes"), Path.of("stubs-runtime/target/classes"));

    @Test
    void theRealApiHasAllOfThem() throws IOException, ReflectiveOperationException {
        assertThat(STUBS)
                .as("the stubs, which the whole build makes")
                .allSatisfy(folder -> assertThat(folder).isDirectory());
        List<String> missing = new ArrayList<>();
        int members = 0;
        try (URLClassLoader loader = new URLClassLoader(urls(), ClassLoader.getPlatformClassLoader())) {
            for (Path folder : STUBS) {
                for (String name : classNames(folder)) {
                    Class<?> stub = loader.loadClass(name);
                    List<String> there = signatures(Class.forName(name));
                    for (String signature : signatures(stub)) {
                        members++;
                        if (!there.contains(signature)) {
                            missing.add(name + ": " + signature);
                        }
                    }
                }
            }
        }

        assertThat(missing).isEmpty();
        assertThat(members).isGreaterThan(50);
    }

    private static URL[] urls() throws IOException {
        List<URL> urls = new ArrayList<>();
        for (Path folder : STUBS) {
            urls.add(folder.toUri().toURL());
        }
        return urls.toArray(new URL[0]);
    }

    private static List<String> classNames(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.map(file -> folder.relativize(file).toString())
                    .filter(file -> file.endsWith(".class") && !file.equals("module-info.class"))
                    .map(file ->
                            file.substring(0, file.length() - ".class".length()).replace('/', '.'))
                    .toList();
        }
    }

    /** What a caller can see, inherited members too, by the names of their types. */
    private static List<String> signatures(Class<?> type) {
        List<String> signatures = new ArrayList<>();
        for (Constructor<?> constructor : type.getConstructors()) {
            signatures.add("new(" + names(constructor.getParameterTypes()) + ")");
        }
        for (Method method : type.getMethods()) {
            if (method.getDeclaringClass() != Object.class) {
                signatures.add(
                        kind(method.getModifiers()) + method.getReturnType().getName() + " " + method.getName() + "("
                                + names(method.getParameterTypes()) + ")");
            }
        }
        for (Field field : type.getFields()) {
            signatures.add(kind(field.getModifiers()) + field.getType().getName() + " " + field.getName());
        }
        return signatures;
    }

    private static String kind(int modifiers) {
        return Modifier.isStatic(modifiers) ? "static " : "";
    }

    private static String names(Class<?>[] types) {
        return Arrays.stream(types).map(Class::getName).collect(Collectors.joining(", "));
    }
}
