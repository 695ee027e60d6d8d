package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What is said of the time that is left, by a clock that is set by hand. */
class PaceTest {
    private static final double CALL = 1e9;
    private static final double DECODING = 2e9; // which takes as long as a call until something is known

    private long now = -5_000_000_000L; // the JVM's clock may be below 0
    private final Pace pace = new Pace(() -> now);

    private void pass(double seconds) {
        now += (long) (seconds * 1e9);
    }

    private void call(Pace.Run run, double seconds) {
        pass(seconds);
        run.callDone();
    }

    private static Duration seconds(double seconds) {
        return Duration.ofNanos((long) (seconds * 1e9));
    }

    @Test
    void theSlowFirstCallIsForgotten() {
        Pace.Run run = pace.begin(4, CALL, DECODING);
        call(run, 30);
        assertThat(run.left()).isNull();
        call(run, 2);
        assertThat(run.left()).isEqualTo(seconds(2 * 2 + 2));
        call(run, 2);
        assertThat(run.left()).isEqualTo(seconds(2 + 2));
        call(run, 2);
        assertThat(run.left()).isEqualTo(seconds(2));
    }

    @Test
    void aSecondPictureIsKnownFromItsFirstCallOn() {
        Pace.Run first = pace.begin(2, CALL, DECODING);
        call(first, 30);
        call(first, 2);
        pace.decoding(DECODING, () -> {
            pass(10);
            return "a picture";
        });
        pass(60); // it is written to its file

        Pace.Run larger = pace.begin(3, 4 * CALL, 4 * DECODING);
        call(larger, 8);
        assertThat(larger.left()).isEqualTo(seconds(2 * 8 + 40));
    }

    @Test
    void whatTheListenerTakesCounts() {
        Pace.Run run = pace.begin(3, CALL, 0);
        call(run, 1);
        pass(5); // it shows a preview
        call(run, 1);
        assertThat(run.left()).isEqualTo(seconds(6));
    }

    @Test
    void aMachineThatBecomesSlowerIsBelieved() {
        Pace.Run run = pace.begin(100, CALL, 0);
        for (int i = 0; i < 20; i++) {
            call(run, 1);
        }
        for (int i = 0; i < 10; i++) {
            call(run, 3);
        }
        assertThat(run.left()).isEqualTo(seconds(70 * 3));
    }

    @Test
    void callsOfTwoKindsInTurnGiveASteadyMean() {
        Pace.Run run = pace.begin(101, CALL, 0);
        for (int i = 0; i < 21; i++) {
            call(run, i % 2 == 0 ? 1 : 3);
        }
        assertThat(run.left()).isEqualTo(seconds(80 * 2));
    }
}
