package dev.aquarelle.cli.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The engine computes what PyTorch and diffusers do: every golden case of {@code src/test/golden}, on the best backend, or on the one of
 * {@code -Daquarelle.backend} and {@code -Daquarelle.device}.
 */
class ConformanceTest {
    private static final Path GOLDEN = Path.of("src/test/golden");
    private static final String NAME = System.getProperty("aquarelle.backend", "auto");
    private static final BackendOptions OPTIONS = new BackendOptions(0, System.getProperty("aquarelle.device", ""));
    private static final Backend BACKEND = new LazyBackend(NAME, () -> Backends.open(NAME, OPTIONS));
    private static final ConformanceRunner RUNNER = new ConformanceRunner(GOLDEN, BACKEND);

    static List<String> cases() {
        return RUNNER.cases(Selection.ALL);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void agreesWithTheReferenceImplementation(String name) {
        CaseResult result = RUNNER.run(name);

        assertThat(result.failures()).isEmpty();
        assertThat(result.outcome()).as(result.line()).isEqualTo(CaseResult.Outcome.PASSED);
    }

    @AfterAll
    static void closeBackend() {
        BACKEND.close();
    }
}
