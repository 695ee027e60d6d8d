package dev.aquarelle.cli;

import dev.aquarelle.sd.image.Image;
import java.io.PrintWriter;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * Shows how far the work is, on standard error: a bar with steps per second and the time left, below it no more than one line; where there is
 * no terminal, a line now and then. A preview stands above the bar and is drawn over.
 */
final class ProgressDisplay implements AutoCloseable {
    private static final int UPDATE_MILLIS = 100;
    private static final Duration BETWEEN_LINES = Duration.ofSeconds(10);
    private static final Duration BETWEEN_PREVIEWS = Duration.ofMillis(300);
    private static final int KEPT_FREE = 3; // at the line's end: a ^C is shown there, and must not begin another line
    private static final String CLEAR_TO_END = "\u001b[K";

    private final PrintWriter err;
    private final Terminal terminal;
    private final String task;
    private final LongSupplier clock;
    private final long start;
    private final ProgressBar bar;
    private volatile @Nullable Long end;
    private long lastLine;
    private long lastPreview;
    private int previewLines;
    private String barText = "";

    /**
     * @param steps how many there will be, as far as is known
     */
    ProgressDisplay(PrintWriter err, Terminal terminal, String task, int steps) {
        this(err, terminal, task, steps, System::nanoTime);
    }

    /**
     * @param clock nanoseconds
     */
    ProgressDisplay(PrintWriter err, Terminal terminal, String task, int steps, LongSupplier clock) {
        this.clock = clock;
        this.start = clock.getAsLong();
        this.lastLine = start;
        this.err = err;
        this.terminal = terminal;
        this.task = task;
        ProgressBarBuilder builder = new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(steps)
                .setUnit(" steps", 1)
                .showSpeed(new DecimalFormat("0.00", DecimalFormatSymbols.getInstance(Locale.ROOT)))
                .setStyle(terminal.showsBlocks() ? ProgressBarStyle.UNICODE_BLOCK : ProgressBarStyle.ASCII)
                .setEtaFunction(_ -> left())
                .setUpdateIntervalMillis(UPDATE_MILLIS);
        builder.setConsumer(new DelegatingProgressBarConsumer(this::drawBar, terminal.columns() - KEPT_FREE));
        this.bar = builder.build();
        bar.refresh();
    }

    /** One of even steps is done. */
    void stepDone(int step, int steps) {
        stepDone(step, steps, Duration.ofNanos((clock.getAsLong() - start) / step * (steps - step)));
    }

    /**
     * A step is done.
     *
     * @param left how long the others will take; null if that is not known
     */
    void stepDone(int step, int steps, @Nullable Duration left) {
        long now = clock.getAsLong();
        end = left == null ? null : now + left.toNanos();
        bar.maxHint(steps);
        bar.stepTo(step);
        bar.refresh();
        if (!terminal.errIsTerminal() && now - lastLine >= BETWEEN_LINES.toNanos()) {
            lastLine = now;
            err.printf("%s: step %d of %d%s%n", task, step, steps, left == null ? "" : ", " + text(left) + " left");
        }
    }

    private static String text(Duration left) {
        long seconds = Math.round(left.toMillis() / 1e3);
        return seconds < 3600
                ? "%d:%02d".formatted(seconds / 60, seconds % 60)
                : "%d:%02d:%02d".formatted(seconds / 3600, seconds / 60 % 60, seconds % 60);
    }

    /** What is left of the time that was left at the last step; none if nothing is known. */
    Optional<Duration> left() {
        Long due = end;
        return due == null ? Optional.empty() : Optional.of(Duration.ofNanos(Math.max(0, due - clock.getAsLong())));
    }

    private synchronized void drawBar(String text) {
        if (terminal.errIsTerminal()) {
            barText = text;
            err.print("\r" + text + CLEAR_TO_END);
            err.flush();
        }
    }

    /** Whether a picture could be seen, and the last one has been there for a while. */
    boolean wantsPreview() {
        return terminal.errIsTerminal() && System.nanoTime() - lastPreview > BETWEEN_PREVIEWS.toNanos();
    }

    /** Shows a picture above the bar, in place of the last one. */
    synchronized void preview(Image image) {
        if (terminal.errIsTerminal()) {
            List<String> lines = HalfBlocks.of(image, Math.max(1, terminal.rows() - 2), terminal.columns());
            String up = previewLines == 0 ? "" : "\u001b[%dA".formatted(previewLines);
            err.print(
                    "\r" + up + String.join(CLEAR_TO_END + "\n", lines) + CLEAR_TO_END + "\n" + barText + CLEAR_TO_END);
            err.flush();
            previewLines = lines.size();
            lastPreview = System.nanoTime();
        }
    }

    /** Takes the bar away; a preview stays. */
    @Override
    public void close() {
        bar.close();
        drawBar("");
    }
}
