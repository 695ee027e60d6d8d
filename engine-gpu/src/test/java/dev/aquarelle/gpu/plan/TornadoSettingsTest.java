package dev.aquarelle.gpu.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.ops.BackendException;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The stubs are on the class path here, so TornadoVM seems to be there. */
class TornadoSettingsTest {
    private final Properties before = new Properties();

    @BeforeEach
    void keepProperties() {
        before.putAll(System.getProperties());
    }

    @AfterEach
    void restoreProperties() {
        System.setProperties(before);
    }

    @Test
    void asksForTheArgumentFile() {
        System.clearProperty("tornado.load.runtime.implementation");

        assertThatThrownBy(TornadoSettings::require)
                .isInstanceOf(BackendException.class)
                .hasMessageContainingAll("set TORNADOVM_HOME", "@$TORNADOVM_HOME/tornado-argfile");
    }

    @Test
    void refusesToRunWhatDoesNotCompileOnTheHost() {
        System.setProperty("tornado.load.runtime.implementation", "x");
        System.clearProperty("tornado.recover.bailout");

        assertThatThrownBy(TornadoSettings::require)
                .isInstanceOf(BackendException.class)
                .hasMessageContaining("-Dtornado.recover.bailout=False, found nothing");
    }

    @ParameterizedTest
    @ValueSource(strings = {"False", "false"})
    void isContentWithBoth(String bailout) {
        System.setProperty("tornado.load.runtime.implementation", "x");
        System.setProperty("tornado.recover.bailout", bailout);

        assertThatCode(TornadoSettings::require).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({
        "4GB, 4294967296",
        "512MB, 536870912",
        "1TB, 1099511627776",
        "77B, 77",
        "123, 123",
        "999999999999EB, 9223372036854775807"
    })
    void readsSizesAsTornadoVmDoes(String size, long bytes) {
        System.setProperty("tornado.device.memory", size);

        assertThat(TornadoSettings.deviceMemory()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GB", "4 GB", "4gb", "-1GB", "4.5GB"})
    void refusesWhatIsNoSize(String size) {
        System.setProperty("tornado.device.memory", size);

        assertThatThrownBy(TornadoSettings::deviceMemory)
                .isInstanceOf(BackendException.class)
                .hasMessage("-Dtornado.device.memory: expected a size like 8GB, found " + size);
    }
}
