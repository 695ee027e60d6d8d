package dev.aquarelle.gpu;

import dev.aquarelle.gpu.plan.TornadoGpu;
import dev.aquarelle.gpu.plan.TornadoSettings;
import dev.aquarelle.ops.Backend;
import java.util.List;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** The second tier: the same on the real TornadoVM, on its first device or the one of {@code -Daquarelle.device}, which proves each stage. */
@EnabledIfSystemProperty(
        named = "aquarelle.tornado",
        matches = "true",
        disabledReason = "needs TornadoVM: mvn -Ptornado with TORNADOVM_HOME set")
final class TornadoBackendTest extends GpuContract {
    private static final Backend BACKEND = new GpuBackend(device());

    static TornadoGpu device() {
        TornadoSettings.require();
        List<TornadoGpu> devices = TornadoGpu.all();
        String id = System.getProperty("aquarelle.device", devices.getFirst().id());
        return devices.stream()
                .filter(device -> device.id().equals(id))
                .findFirst()
                .orElseThrow()
                .proved();
    }

    @Override
    public Backend backend() {
        return BACKEND;
    }
}
