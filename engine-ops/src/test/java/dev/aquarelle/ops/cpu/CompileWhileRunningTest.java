package dev.aquarelle.ops.cpu;

import static dev.aquarelle.ops.testing.RandomTensors.copied;
import static dev.aquarelle.ops.testing.RandomTensors.random;
import static dev.aquarelle.ops.testing.TensorAssert.assertThatTensor;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Padding;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Compiling, which makes the backend's arrays grow, does not disturb a program that runs. */
@Timeout(60)
class CompileWhileRunningTest {
    @Test
    void aRunningProgramKeepsItsNumbers() throws InterruptedException {
        for (int round = 0; round < 3; round++) {
            try (CpuBackend backend = new CpuBackend(new BackendOptions(2))) {
                attentionWhileOthersAreCompiled(backend);
            }
        }
    }

    private static void attentionWhileOthersAreCompiled(CpuBackend backend) throws InterruptedException {
        Tensor x = random(1, 2, 96, 64);
        AtomicBoolean end = new AtomicBoolean();
        Thread compiler = new Thread(() -> {
            for (int width = 72; width < 2000 && !end.get(); width += 8) {
                backend.compile(attention(1, width)).close();
                backend.compile(convolution(width)).close();
            }
        });
        try (Program program = backend.compile(attention(2, 64))) {
            Tensor expected = copied(program.run(x));
            compiler.start();
            for (int run = 0; compiler.isAlive() && run < 2000; run++) {
                program.run(random(2, 2, 96, 64));
                assertThatTensor(program.run(x)).hasSameBitsAs(expected);
            }
        } finally {
            end.set(true);
            compiler.join();
        }
    }

    private static Graph attention(int heads, int width) {
        return Graph.of(g -> {
            var x = g.input("x", 2, 96, width);
            return g.attention(x, x, x, heads, false);
        });
    }

    private static Graph convolution(int channels) {
        return Graph.of(g ->
                g.conv2d(g.input("x", 1, 12, 12, 64), g.input("w", channels, 64, 3, 3), null, 1, Padding.all(1), 1, 1));
    }
}
