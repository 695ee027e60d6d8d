package dev.aquarelle.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.MapOp;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.ProductOp;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the list of kernels holds, and that their results are compared with the right numbers. */
class KernelsTest {
    @Test
    void allKindsAreThereAtTheModelsShapes() {
        Map<String, Kernel> kernels = Kernels.all();

        assertThat(kernels)
                .containsKeys(
                        "conv2d:2x64x64x320*320x320x3x3",
                        "conv2d:2x64x64x320*320x320x3x3/stride2",
                        "linear:2x4096x320*2560x320",
                        "attention:2x4096x320*2x77x320*2x77x320/heads8",
                        "groupNorm+silu:2x64x64x320",
                        "layerNorm:2x4096x320",
                        "geGlu:2x4096x2560",
                        "conv2d:1x512x512x128*3x128x3x3");
        assertThat(kernels.get("linear:2x4096x320*2560x320").flops()).isEqualTo(2L * 2 * 4096 * 320 * 2560);
    }

    @Test
    void theFirstRowsOfALargeKernelAreThoseOfItsPart() {
        Kernel conv = new Kernel(
                new ProductOp.Conv2d(1, Padding.all(1), 1, 1),
                false,
                List.of(input(2, 96, 64, 64), weight(96, 64, 3, 3)));
        Kernel attention = new Kernel(
                new ProductOp.Attention(2, 0.2f, false),
                false,
                List.of(input(2, 2048, 64), input(2, 1024, 64), input(2, 1024, 64)));

        for (Kernel kernel : List.of(conv, attention)) {
            assertThat(kernel.part().kernel().flops()).isLessThan(kernel.flops() / 10);
            assertThat(Runners.error("cpu", kernel, 2)).isBetween(0.0, 1e-4);
        }
    }

    @Test
    void addendsAreBroadcastInAPartAsInTheWhole() {
        Kernel kernel = new Kernel(new MapOp.Add(), false, List.of(input(2, 3, 5), input(3, 5)));

        assertThat(Runners.error("cpu", kernel, 1)).isZero();
        assertThat(Runners.suits("reference", kernel)).isTrue();
    }

    private static Kernel.Operand input(int... dims) {
        return new Kernel.Operand(Shape.of(dims), false);
    }

    private static Kernel.Operand weight(int... dims) {
        return new Kernel.Operand(Shape.of(dims), true);
    }
}
