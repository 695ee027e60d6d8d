package dev.aquarelle.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is known of the terminal. The script {@code ./aquarelle} says which streams go to one, since the JDK cannot tell: the property
 * {@code aquarelle.terminal} holds {@code out}, {@code err} or both, {@code aquarelle.size} rows and columns.
 *
 * @param outIsTerminal whether standard output is a terminal
 * @param errIsTerminal whether standard error is one
 * @param rows lines of it
 * @param columns characters in a line
 * @param showsBlocks whether standard error takes block characters
 */
record Terminal(boolean outIsTerminal, boolean errIsTerminal, int rows, int columns, boolean showsBlocks) {
    /** For tests and pipes. */
    static final Terminal NONE = new Terminal(false, false, 24, 80, false);

    private static final Pattern SIZE = Pattern.compile("([1-9]\\d{0,3}) ([1-9]\\d{0,3})");
    private static final String LINE_UP_AND_CLEAR = "\u001b[1A\u001b[2K";

    static Terminal ofProcess() {
        String streams = System.getProperty("aquarelle.terminal", "");
        Matcher size = SIZE.matcher(System.getProperty("aquarelle.size", ""));
        boolean known = size.matches();
        return new Terminal(
                streams.contains("out"),
                streams.contains("err"),
                known ? Integer.parseInt(size.group(1)) : NONE.rows,
                known ? Integer.parseInt(size.group(2)) : NONE.columns,
                System.err.charset().newEncoder().canEncode('█'));
    }

    /** The JDK has just said that a module it was told to use is an incubating one: no news to whoever wants a picture. */
    void eraseIncubatorWarning() {
        if (errIsTerminal
                && ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
            System.err.print(LINE_UP_AND_CLEAR);
            System.err.flush();
        }
    }
}
