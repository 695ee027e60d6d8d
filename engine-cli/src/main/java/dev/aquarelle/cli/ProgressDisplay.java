package dev.aquarelle.cli;

import dev.aquarelle.sd.image.Image;
import java.io.PrintWriter;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

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
    private final long start = System.nanoTime();
    private final ProgressBar bar;
    private long lastLine = start;
    private long lastPreview;
    private int previewLines;
    private String barText = "";

    /**
     * @param steps how many there will be, as far as is known
     */
    ProgressDisplay(PrintWriter err, Terminal terminal, String task, int steps) {
        this.err = err;
        this.terminal = terminal;
        this.task = task;
        ProgressBarBuilder builder = new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(steps)
                .setUnit(" steps", 1)
                .showSpeed(new DecimalFormat("0.00", DecimalFormatSymbols.getInstance(Locale.ROOT)))
                .setStyle(terminal.showsBlocks() ? ProgressBarStyle.UNICODE_BLOCK : ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(UPDATE_MILLIS);
        builder.setConsumer(new DelegatingProgressBarConsumer(this::drawBar, terminal.columns() - KEPT_FREE));
        this.bar = builder.build();
        bar.refresh();
    }

    void stepDone(int step, int steps) {
        bar.maxHint(steps);
        bar.stepTo(step);
        bar.refresh();
        long now = System.nanoTime();
        if (!terminal.errIsTerminal() && now - lastLine >= BETWEEN_LINES.toNanos()) {
            lastLine = now;
            double perSecond = step * 1e9 / (now - start);
            long left = Math.round((steps - step) / perSecond);
            err.printf(
                    Locale.ROOT,
                    "%s: step %d of %d, %.2f steps/s, %d:%02d left%n",
                    task,
                    step,
                    steps,
                    perSecond,
                    left / 60,
                    left % 60);
        }
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
