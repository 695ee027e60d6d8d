package dev.aquarelle.gpu;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.gpu.emulator.EmulatedDevice;
import dev.aquarelle.gpu.plan.Device;
import dev.aquarelle.gpu.plan.Kernel;
import dev.aquarelle.gpu.plan.Stage;
import dev.aquarelle.ops.BackendException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

class SelfTestTest {

    @Test
    void passesADeviceThatComputesRightly() {
        assertThatCode(() -> SelfTest.run(new GpuBackend(new EmulatedDevice()))).doesNotThrowAnyException();
    }

    /** TornadoVM runs a kernel once, on one work item, where it has given up compiling it. */
    @ParameterizedTest
    @EnumSource(names = {"PRODUCT", "SOFTMAX", "NORM", "ATTENTION"})
    void refusesADeviceThatDoesNotRunAKernel(Kernel kernel) {
        assertThatThrownBy(() -> SelfTest.run(new GpuBackend(new Without(kernel))))
                .isInstanceOf(BackendException.class)
                .hasMessageContaining("emulated work items");
    }

    /** Leaves out one kernel. */
    private static final class Without implements Device {
        private final Device device = new EmulatedDevice();
        private final Kernel kernel;

        Without(Kernel kernel) {
            this.kernel = kernel;
        }

        @Override
        public String description() {
            return device.description();
        }

        @Override
        public long memory() {
            return MemoryBudget.UNLIMITED.bytes();
        }

        @Override
        public long largestArray() {
            return device.largestArray();
        }

        @Override
        public boolean hasLibrary() {
            return device.hasLibrary();
        }

        @Override
        public Run prepare(List<Stage> stages, FloatArray x) {
            Run run = device.prepare(stages, x);
            return new Run() {
                @Override
                public void start() {
                    run.start();
                }

                @Override
                public void load(int stage) {
                    run.load(stage);
                }

                @Override
                public void launch(int stage, int launch) {
                    if (stages.get(stage).launches().get(launch).kernel() != kernel) {
                        run.launch(stage, launch);
                    }
                }

                @Override
                public void close() {
                    run.close();
                }
            };
        }

        @Override
        public void close() {
            device.close();
        }
    }
}
