package dev.aquarelle.gpu;

import static dev.aquarelle.ops.testing.RandomTensors.random;
import static dev.aquarelle.ops.testing.RandomTensors.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.gpu.emulator.EmulatedDevice;
import dev.aquarelle.gpu.plan.Stage;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendException;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.StepInfo;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.ops.testing.ConvolutionContract;
import dev.aquarelle.ops.testing.ProductContract;
import dev.aquarelle.ops.testing.RandomGraphContract;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The first tier with a library: an emulated cuBLAS is called through all that calls the real one but TornadoVM. */
final class EmulatedLibraryTest implements ProductContract, ConvolutionContract, RandomGraphContract {
    private static final Backend BACKEND = new GpuBackend(EmulatedDevice.withLibrary());

    @Override
    public Backend backend() {
        return BACKEND;
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "F16", "BF16", "F64"})
    void computesALinearLayerWhateverTheTypeOfItsWeights(DType type) {
        assertThat(kernels(
                        new int[] {5, 8}, g -> x -> g.linear(x, g.constant("w", stored(random(1, 6, 8), type)), null)))
                .containsExactly("library_product");
    }

    @Test
    void leavesBiasAndResidualToAKernelOfOurs() {
        assertThat(kernels(
                        new int[] {5, 8},
                        g -> x ->
                                g.add(g.linear(x, g.constant("w", random(1, 8, 8)), g.constant("b", random(2, 8))), x)))
                .containsExactly("library_product", "epilogue");
    }

    @Test
    void computesProductsOfMatricesAndConvolutionsOfSinglePixels() {
        assertThat(kernels(new int[] {3, 5, 8}, g -> x -> g.matMul(x, g.constant("m", random(1, 3, 8, 4)))))
                .containsExactly("library_product");
        assertThat(kernels(
                        new int[] {2, 3, 5, 8},
                        g -> x -> g.conv2d(x, g.constant("w", random(1, 4, 8, 1, 1)), null, 1, Padding.NONE, 1, 1)))
                .containsExactly("library_product");
    }

    @Test
    void leavesOtherConvolutionsToOurKernels() {
        assertThat(kernels(
                        new int[] {2, 3, 5, 8},
                        g -> x -> g.conv2d(x, g.constant("w", random(1, 4, 8, 3, 3)), null, 1, Padding.all(1), 1, 1)))
                .containsExactly("product");
        assertThat(kernels(
                        new int[] {2, 3, 5, 8},
                        g -> x -> g.conv2d(x, g.constant("w", random(1, 4, 8, 1, 1)), null, 2, Padding.NONE, 1, 1)))
                .containsExactly("product");
    }

    private static List<String> kernels(int[] dims, Function<Graph, Function<Value, Value>> body) {
        Graph graph = Graph.of(g -> body.apply(g).apply(g.input("x", dims)));
        try (Program program = BACKEND.compile(graph)) {
            return program.steps().stream()
                    .filter(step -> !step.op().equals("move"))
                    .map(StepInfo::kernel)
                    .toList();
        }
    }

    @Test
    void passesTheSelfTest() {
        assertThat(GpuBackend.works(EmulatedDevice.withLibrary())).isTrue();
    }

    @Test
    void isNotUsedWhereItIsMissing() {
        Failing device = new Failing();

        assertThatThrownBy(() -> SelfTest.run(new GpuBackend(device))).isInstanceOf(BackendException.class);
        assertThat(GpuBackend.works(device)).isFalse();
    }

    @Test
    void isNotUsedWhereItComputesNothing() {
        assertThat(GpuBackend.works(new Idle())).isFalse();
    }

    /** cuBLAS is not installed. */
    private static final class Failing extends EmulatedDevice {
        @Override
        public boolean hasLibrary() {
            return true;
        }

        @Override
        public Run prepare(List<Stage> stages, FloatArray x) {
            throw new BackendException("Unable to load libtornado-cublas");
        }
    }

    /** Its product leaves the result as it is. */
    private static final class Idle extends EmulatedDevice {
        @Override
        public boolean hasLibrary() {
            return true;
        }

        @Override
        protected void callLibrary(int[] numbers, Stage stage, FloatArray x) {}
    }
}
