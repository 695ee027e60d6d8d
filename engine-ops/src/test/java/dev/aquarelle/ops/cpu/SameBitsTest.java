package dev.aquarelle.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
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
        return OtherJvm.run(BitsProbe.class, options).getLast();
    }
}
