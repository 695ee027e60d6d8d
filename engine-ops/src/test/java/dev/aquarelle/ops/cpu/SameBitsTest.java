package dev.aquarelle.ops.cpu;

import static dev.aquarelle.ops.testing.TensorAssert.assertThatTensor;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Program;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The second promise: the same bytes for any number of threads, any width of vectors, none included, alone and in a batch. */
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

    /** Each sample has the bits that it has alone. */
    @ParameterizedTest
    @MethodSource("dev.aquarelle.ops.cpu.ProbeGraph#all")
    void theBatchChangesNothing(ProbeGraph probe) {
        Tensor[] batch = probe.inputs(3);
        try (CpuBackend backend = new CpuBackend(new BackendOptions(2), Kernels.load());
                Program ofAll = backend.compile(probe.graph(3));
                Program ofOne = backend.compile(probe.graph(1))) {
            Tensor results = ofAll.run(batch);
            assertThat(results.toFloatArray()).as("numbers that tell").doesNotContain(Float.NaN);
            for (int n = 0; n < 3; n++) {
                int sample = n;
                Tensor[] alone = Arrays.stream(batch)
                        .map(x -> x.slice(sample, sample + 1))
                        .toArray(Tensor[]::new);
                assertThatTensor(results.slice(n, n + 1)).as("sample %d", n).hasSameBitsAs(ofOne.run(alone));
            }
        }
    }

    /** The last line that a probe with these options of the JVM prints. */
    private static String probe(String... options) throws IOException, InterruptedException {
        return OtherJvm.run(BitsProbe.class, options).getLast();
    }
}
