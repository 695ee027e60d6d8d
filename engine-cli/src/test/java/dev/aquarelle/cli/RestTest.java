package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The time that is left, as it is shown, by a clock that is set by hand. */
class RestTest {
    private long now = -7;
    private final StringWriter shown = new StringWriter();

    private void pass(int seconds) {
        now += seconds * 1_000_000_000L;
    }

    @Test
    void batchesThatFollowCount() {
        Rest rest = new Rest(() -> now);
        rest.begin(2, 3);
        pass(10);
        assertThat(rest.after(null)).isNull();
        assertThat(rest.after(Duration.ofSeconds(6))).isEqualTo(Duration.ofSeconds(6 + 3 * 8));
        assertThat(rest.secondsAPicture()).isEqualTo(5);

        rest.begin(1, 0);
        pass(4);
        assertThat(rest.after(Duration.ofSeconds(6))).isEqualTo(Duration.ofSeconds(6));
    }

    private ProgressDisplay display(int steps) {
        return new ProgressDisplay(new PrintWriter(shown, true), Terminal.NONE, "Painting", steps, () -> now);
    }

    @Test
    void theTimeLeftGoesOnBetweenTwoSteps() {
        try (ProgressDisplay display = display(10)) {
            assertThat(display.left()).isEmpty();
            display.stepDone(1, 10, null);
            assertThat(display.left()).isEmpty();
            display.stepDone(2, 10, Duration.ofSeconds(40));
            pass(15);
            assertThat(display.left()).contains(Duration.ofSeconds(25));
            pass(60);
            assertThat(display.left()).contains(Duration.ZERO);
            display.stepDone(3, 10, Duration.ofSeconds(350));
            assertThat(display.left()).contains(Duration.ofSeconds(350));
        }
    }

    @Test
    void aLineNowAndThenSaysIt() {
        try (ProgressDisplay display = display(20)) {
            pass(11);
            display.stepDone(1, 20, null);
            pass(3);
            display.stepDone(2, 20, Duration.ofSeconds(90));
            pass(11);
            display.stepDone(3, 20, Duration.ofSeconds(4000));
        }
        assertThat(shown.toString().lines())
                .containsExactly("Painting: step 1 of 20", "Painting: step 3 of 20, 1:06:40 left");
    }

    @Test
    void evenStepsNeedNobodyWhoKnows() {
        try (ProgressDisplay display = display(4)) {
            pass(10);
            display.stepDone(1, 4);
            assertThat(display.left()).contains(Duration.ofSeconds(30));
        }
    }
}
