package dev.aquarelle.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The second promise: the same bytes for any number of threads and any width of vectors, none included. */
class SameBitsTest {
    private static final long EXPECTED = BitsProbe.checksum(Kernels.scalar(), 1);

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void threadsChangeNothing(int threads) {
        assertThat(BitsProbe.checksum(Kernels.load(), threads)).isEqualTo(EXPECTED);
    }

    @Test
    void threadsChangeNothingWithoutVectors() {
        assertThat(BitsProbe.checksum(Kernels.scalar(), 3)).isEqualTo(EXPECTED);
    }

    /** Another JVM, since the width of vectors is fixed when its classes load. */
    @ParameterizedTest
    @ValueSource(ints = {512, 256, 128})
    void theWidthOfVectorsChangesNothing(int bits) throws IOException, InterruptedException {
        assertThat(probe("--add-modules", "jdk.incubator.vector", "-Daquarelle.vectorBits=" + bits))
                .isEqualTo("%d %08x".formatted(bits, EXPECTED));
    }

    @Test
    void theAbsenceOfTheVectorModuleChangesNothing() throws IOException, InterruptedException {
        assertThat(probe()).isEqualTo("0 %08x".formatted(EXPECTED));
    }

    /** The last line that a probe with these options of the JVM prints. */
    private static String probe(String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", classPath(), BitsProbe.class.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(printed).isZero();
        return printed.lines().reduce((_, last) -> last).orElse("");
    }

    private static String classPath() {
        String modules = System.getProperty("jdk.module.path", "");
        String tests = Path.of("target", "test-classes").toString();
        return String.join(System.getProperty("path.separator"), System.getProperty("java.class.path"), modules, tests);
    }
}
