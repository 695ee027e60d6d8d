package dev.aquarelle.cli.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonParser;
import dev.aquarelle.core.tensor.Tensor;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Limits are those of the golden files' README, and a difference beyond them is found at its element. */
class ToleranceTest {
    private static final float NAN = Float.NaN;
    private static final float INFINITY = Float.POSITIVE_INFINITY;

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        {"tol_max_abs": 2e-6, "tol_rms": 5e-7, "note": "x"}               | 2e-6 | 0    | 0    | 5e-7
        {"tol_max_abs": 2e-6, "noise_max": 1, "noise_rms": 1, "rms": 1}   | 2e-6 | 0    | 0    | Infinity
        {"rms": 2, "noise_max": 1e-6, "noise_rms": 1e-5}                  | 1e-4 | 0    | 0    | 1e-4
        {"rms": 2, "noise_max": 1e-4, "noise_rms": 1e-9}                  | 1e-3 | 0    | 0    | 2e-5
        {"abs": 2e-7, "rel": 2e-6, "rule": "as in the README"}  | 2e-7 | 2e-6 | 0    | Infinity
        {"abs": 1e-5}                                                     | 1e-5 | 0    | 0    | Infinity
        {"rel_to_absmax": 2e-5}                                           | 0    | 0    | 2e-5 | Infinity
        {"rule": "exact"}                                                 | 0    | 0    | 0    | Infinity
        "exact, NaN = NaN"                                                | 0    | 0    | 0    | Infinity
        """)
    void entriesAreUnderstood(String json, double abs, double rel, double relToAbsMax, double rms) {
        Tolerance tolerance = Tolerance.of(JsonParser.parseString(json), "y");

        assertThat(tolerance.abs()).isCloseTo(abs, within(1e-18));
        assertThat(tolerance.rel()).isEqualTo(rel);
        assertThat(tolerance.relToAbsMax()).isEqualTo(relToAbsMax);
        assertThat(tolerance.rms()).isEqualTo(rms);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "1",
                "null",
                "[]",
                "{\"rule\": \"nearly\"}",
                "{\"abs\": -1}",
                "{\"abs\": \"1\"}",
                "{\"tol_max_abs\": null}"
            })
    void otherEntriesAreRefused(String json) {
        assertThatThrownBy(() -> Tolerance.of(JsonParser.parseString(json), "file: y"))
                .isInstanceOf(GoldenException.class)
                .hasMessageContaining("file: y");
    }

    @Test
    void theWorstElementIsNamed() {
        float[] golden = {1, 2, 3, 4, 5, 6};
        float[] actual = {1, 2.1f, 3, 4, 5.3f, 6};

        Failure failure = compare(actual, golden, new Tolerance(0.05, 0, 0, 1)).orElseThrow();

        assertThat(failure).hasToString("y[1, 1]: expected 5.0, found 5.3, limit 5.000e-02");
        assertThat(compare(actual, golden, new Tolerance(0.31, 0, 0, 1))).isEmpty();
        assertThat(compare(actual, golden, new Tolerance(0, 0.0601, 0, 1))).isEmpty();
        assertThat(compare(actual, golden, new Tolerance(0, 0, 0.0501, 1))).isEmpty();
        assertThat(compare(actual, golden, new Tolerance(0, 0, 0.0499, 1))).isPresent();
        assertThat(compare(actual, golden, new Tolerance(0.31, 0, 0, 0.12))
                        .orElseThrow()
                        .limit())
                .contains("rms");
        assertThat(compare(golden, golden, Tolerance.EXACT)).isEmpty();
    }

    @Test
    void infinityAndNanMustBeWhereTheyAre() {
        Tolerance loose = Tolerance.within(1e30);
        float[] golden = {NAN, INFINITY, -INFINITY, 0, 0, 0};

        assertThat(compare(golden.clone(), golden, Tolerance.EXACT)).isEmpty();
        assertThat(compare(new float[] {NAN, INFINITY, -INFINITY, 0, NAN, 0}, golden, loose))
                .isPresent();
        assertThat(compare(new float[] {0, INFINITY, -INFINITY, 0, 0, 0}, golden, loose))
                .isPresent();
        assertThat(compare(new float[] {NAN, -INFINITY, -INFINITY, 0, 0, 0}, golden, loose))
                .isPresent();
        assertThat(compare(new float[] {NAN, 1e38f, -INFINITY, 0, 0, 0}, golden, new Tolerance(0, 1, 1, 1)))
                .isPresent();
    }

    private static Optional<Failure> compare(float[] actual, float[] golden, Tolerance tolerance) {
        return Differences.compare("y", Tensor.of(actual, 2, 3), Tensor.of(golden, 2, 3), tolerance);
    }
}
