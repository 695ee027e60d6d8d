package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On a machine without TornadoVM. */
class DevicesCommandTest {

    @Test
    void saysWhatCanBeChosenAndWhyNotMore() {
        CommandRun run = CommandRun.of("devices");

        assertThat(run.status()).isZero();
        assertThat(run.out().lines())
                .anySatisfy(line -> assertThat(line).startsWith("gpu").contains("none: TornadoVM"))
                .anySatisfy(line -> assertThat(line).startsWith("cpu").contains("no choice"));
    }

    @Test
    void theGpuBackendStopsWithTheReason() {
        CommandRun run = CommandRun.of("a red apple", "--backend", "gpu");

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).containsSubsequence("TornadoVM is not there", "set TORNADOVM_HOME", "tornado-argfile");
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference", "auto"})
    void aDeviceIsNotPassedOver(String backend) {
        CommandRun run = CommandRun.of("a red apple", "--backend", backend, "--device", "0:7");

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains("expected no device, found 0:7");
    }
}
