package dev.aquarelle.cli;

import dev.aquarelle.core.memory.MemoryBudgetException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** What goes wrong becomes one sentence; where it happened is shown only to those who ask for it with {@code --verbose}. */
final class Failures {
    private static final int WRONG_USAGE = 2;
    private static final int FAILED = 1;
    private static final int INTERRUPTED = 130;

    private Failures() {}

    /** The user wanted it to end: whatever the work ended with is no failure. */
    static int reportStop(CommandLine line) {
        line.getErr().println("aquarelle: stopped");
        return INTERRUPTED;
    }

    /** The Java heap is full: an error of the JVM, which its caller knows how to avoid. */
    static int reportFullHeap(CommandLine line) {
        line.getErr()
                .printf(
                        Locale.ROOT,
                        "aquarelle: the Java heap of %.0f MiB is full; java -Xmx gives it more, smaller pictures or"
                                + " batches take less%n",
                        Runtime.getRuntime().maxMemory() / 0x1p20);
        return FAILED;
    }

    /** The results went to a full disk or a closed pipe. */
    static int reportLostOutput(CommandLine line, int status) {
        line.getErr().println("aquarelle: standard output cannot be written to");
        return status == 0 ? FAILED : status;
    }

    static int report(Exception e, CommandLine line) {
        PrintWriter err = line.getErr();
        ParseResult parsed = line.getParseResult();
        boolean mayForce = line.getCommandSpec().findOption("--force") != null && !parsed.hasMatchedOption("--force");
        String remedy = line.getCommandSpec().findOption("--tile") != null
                ? "smaller pictures or tiles take less"
                : "smaller pictures or batches take less";
        err.println("aquarelle: " + Printable.of(sentence(e, mayForce, remedy)));
        if (parsed.hasMatchedOption("--verbose")) {
            printTrace(e, err);
        }
        return e instanceof IllegalArgumentException ? WRONG_USAGE : FAILED;
    }

    /** What the file system said about a write, told of the file that was wanted and not of a temporary one. */
    static FileSystemException notWritten(Path wanted, IOException e) {
        String reason = switch (e) {
            case AccessDeniedException _ -> "its folder cannot be written to";
            case NoSuchFileException _ -> "its folder is not there";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default -> String.valueOf(e.getMessage());
        };
        FileSystemException told = new FileSystemException(wanted.toString(), null, "cannot be written: " + reason);
        told.initCause(e);
        return told;
    }

    static int reportUsage(ParameterException e, String[] args) {
        CommandLine line = e.getCommandLine();
        PrintWriter err = line.getErr();
        err.println("aquarelle: " + Printable.of(message(e)));
        if (e instanceof UnmatchedArgumentException unmatched
                && !unmatched.getUnmatched().getFirst().startsWith("-")) {
            err.println("A prompt of several words needs quotes: aquarelle \"a red apple\"");
        }
        err.printf("Try: %s --help%n", line.getCommandSpec().qualifiedName());
        return WRONG_USAGE;
    }

    /** The messages in a trace come from files too. */
    static void printTrace(Throwable e, PrintWriter err) {
        StringWriter trace = new StringWriter();
        e.printStackTrace(new PrintWriter(trace, true));
        trace.toString().lines().forEach(line -> {
            String indented = line.stripLeading();
            err.println(line.substring(0, line.length() - indented.length()) + Printable.of(indented));
        });
    }

    /** The message of what went wrong; some exceptions of the JDK's have but half a sentence. */
    private static String sentence(Exception e, boolean mayForce, String remedy) {
        return switch (e) {
            case FileAlreadyExistsException exists ->
                exists.getFile() + " is there already" + (mayForce ? "; --force replaces it" : "");
            case UncheckedIOException unchecked ->
                sentence(Objects.requireNonNull(unchecked.getCause()), mayForce, remedy);
            case NoSuchFileException missing -> missing.getFile() + " is not there";
            case FileSystemException other -> "%s: %s".formatted(other.getFile(), reason(other.getReason(), other));
            case MemoryBudgetException memory ->
                message(memory) + (memory.least() > 0 ? ", " + MemoryLimit.option(memory.least()) : "; " + remedy);
            default -> message(e);
        };
    }

    private static String reason(@Nullable String reason, Exception e) {
        return reason != null ? reason : "cannot be used (" + e.getClass().getSimpleName() + ")";
    }

    private static String message(Exception e) {
        String message = e.getMessage();
        return message == null || message.isBlank()
                ? "unexpected " + e.getClass().getName() + "; --verbose says where"
                : message;
    }
}
