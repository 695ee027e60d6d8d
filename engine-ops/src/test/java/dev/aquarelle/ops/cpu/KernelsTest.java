package dev.aquarelle.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KernelsTest {
    private static final String VECTORS = "--add-modules=jdk.incubator.vector";

    @Test
    void vectorsAndScalarsGiveTheSameBits() {
        assertThat(KernelBattery.results(Kernels.vector())).isEqualTo(KernelBattery.results(Kernels.scalar()));
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 256, 128, 0})
    void everyWidthOfVectorGivesTheSameBits(int bits) throws IOException, InterruptedException {
        List<String> lines = OtherJvm.run(KernelBattery.class, VECTORS, "-D" + Kernels.VECTOR_BITS + "=" + bits);

        assertThat(lines).contains("vectorBits=" + bits).containsAll(printed(KernelBattery.results(Kernels.scalar())));
    }

    @Test
    void withoutTheVectorApiTheBitsAreTheSameAndOneWarningSaysWhatToDo() throws IOException, InterruptedException {
        List<String> lines = OtherJvm.run(KernelBattery.class);

        assertThat(lines).contains("vectorBits=0").containsAll(printed(KernelBattery.results(Kernels.scalar())));
        assertThat(lines)
                .filteredOn(line -> line.contains("--add-modules jdk.incubator.vector"))
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "-XX:TieredStopAtLevel=1", "-XX:MaxVectorSize=4"})
    void withoutACompilerForVectorsScalarsAreUsed(String option) throws IOException, InterruptedException {
        List<String> lines = OtherJvm.run(KernelBattery.class, VECTORS, option);

        assertThat(lines).contains("vectorBits=0");
        assertThat(lines)
                .filteredOn(line -> line.contains("compiles no vector instructions"))
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"64", "100", "1024", "abc", ""})
    void aWidthThatThereIsNotIsRefused(String bits) {
        assertThatThrownBy(() -> OtherJvm.run(KernelBattery.class, VECTORS, "-D" + Kernels.VECTOR_BITS + "=" + bits))
                .hasMessageContaining(
                        "BackendException: cpu: -Daquarelle.vectorBits: expected 512, 256, 128 or 0, found " + bits);
    }

    /** Only the choice is made: computing would take minutes. What else the machine does only makes sums of decimals slower. */
    @Test
    void withoutFusedMultiplyAddOneWarningSaysSo() throws IOException, InterruptedException {
        assertThat(OtherJvm.run(KernelsTest.class, VECTORS, "-XX:-UseFMA"))
                .filteredOn(line -> line.contains("no fused multiply-add"))
                .hasSize(1);
    }

    @Test
    void oneQuickRoundShowsThatMultiplyAddIsFused() {
        assertThat(Kernels.fusesMultiplyAndAdd(clock(60_000))).isTrue();
        assertThat(Kernels.fusesMultiplyAndAdd(clock(1_000_000, 1_000_000, 60_000)))
                .isTrue();
        assertThat(Kernels.fusesMultiplyAndAdd(clock(60_001))).isFalse();
    }

    /** A clock by which each round takes that long; those after the last as long as that. */
    private static LongSupplier clock(long... nanos) {
        return new LongSupplier() {
            private long now;
            private int readings;

            @Override
            public long getAsLong() {
                if (readings % 2 == 1) {
                    now += nanos[Math.min(readings / 2, nanos.length - 1)];
                }
                readings++;
                return now;
            }
        };
    }

    /** Chooses kernels. */
    public static void main(String[] arguments) {
        System.out.println(Kernels.load().vectorBits());
    }

    @Test
    void compiledKernelsAllocateNothing() throws IOException, InterruptedException {
        List<String> lines = OtherJvm.run(NoAllocation.class, VECTORS);

        assertThat(lines).contains("still allocating: []");
    }

    private static List<String> printed(Map<String, Integer> results) {
        return results.entrySet().stream()
                .map(e -> e.getKey() + "=" + e.getValue())
                .toList();
    }
}
