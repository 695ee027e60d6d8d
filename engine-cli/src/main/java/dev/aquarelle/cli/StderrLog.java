package dev.aquarelle.cli;

import java.io.PrintWriter;
import java.text.MessageFormat;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/** The library's log as plain lines on standard error: warnings, and with {@code --verbose} what is worth knowing. */
public final class StderrLog extends System.LoggerFinder {
    private static volatile System.Logger.Level shown = System.Logger.Level.WARNING;

    static void setVerbose(boolean verbose) {
        shown = verbose ? System.Logger.Level.INFO : System.Logger.Level.WARNING;
    }

    /** No warnings either: for results that lines in between would tear apart. */
    public static void showErrorsOnly() {
        shown = System.Logger.Level.ERROR;
    }

    @Override
    public System.Logger getLogger(String name, Module module) {
        return new PlainLogger(name);
    }

    private record PlainLogger(String name) implements System.Logger {
        @Override
        public String getName() {
            return name;
        }

        @Override
        public boolean isLoggable(Level level) {
            return level != Level.OFF && level.getSeverity() >= shown.getSeverity();
        }

        @Override
        public void log(Level level, @Nullable ResourceBundle bundle, String message, @Nullable Throwable thrown) {
            if (isLoggable(level)) {
                System.err.println("aquarelle: " + Printable.of(message));
                if (thrown != null && shown.getSeverity() < Level.WARNING.getSeverity()) {
                    Failures.printTrace(thrown, new PrintWriter(System.err, true, System.err.charset()));
                }
            }
        }

        @Override
        public void log(Level level, @Nullable ResourceBundle bundle, String format, @Nullable Object... parameters) {
            if (isLoggable(level)) {
                boolean plain = parameters == null || parameters.length == 0;
                log(level, bundle, plain ? format : MessageFormat.format(format, parameters), (Throwable) null);
            }
        }
    }
}
