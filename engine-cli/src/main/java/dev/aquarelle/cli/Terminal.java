package dev.aquarelle.cli;

/**
 * What is known of the terminal. The script {@code ./aquarelle} says which streams go to one, since the JDK cannot tell: the property
 * {@code aquarelle.terminal} holds {@code out}, {@code err} or both, {@code aquarelle.columns} the width.
 *
 * @param outIsTerminal whether standard output is a terminal
 * @param errIsTerminal whether standard error is one
 * @param columns characters in a line
 * @param showsBlocks whether standard error takes block characters
 */
record Terminal(boolean outIsTerminal, boolean errIsTerminal, int columns, boolean showsBlocks) {
    /** For tests and pipes. */
    static final Terminal NONE = new Terminal(false, false, 80, false);

    private static final int USUAL_COLUMNS = 80;
    private static final int MOST_COLUMNS = 500;
    private static final String LINE_UP_AND_CLEAR = "\u001b[1A\u001b[2K";

    static Terminal ofProcess() {
        String streams = System.getProperty("aquarelle.terminal", "");
        Integer columns = Integer.getInteger("aquarelle.columns");
        boolean known = columns != null && columns > 0 && columns <= MOST_COLUMNS;
        return new Terminal(
                streams.contains("out"),
                streams.contains("err"),
                known ? columns : USUAL_COLUMNS,
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
