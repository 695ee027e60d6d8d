package dev.aquarelle.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.Map;
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

    /** Only the choice is made: computing would take minutes. */
    @Test
    void withoutFusedMultiplyAddOneWarningSaysSo() throws IOException, InterruptedException {
        String warning = "no fused multiply-add";
        assertThat(OtherJvm.run(KernelsTest.class, VECTORS, "-XX:-UseFMA"))
                .filteredOn(line -> line.contains(warning))
                .hasSize(1);
        assertThat(OtherJvm.run(KernelsTest.class, VECTORS)).noneMatch(line -> line.contains(warning));
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
