package dev.aquarelle.cli;

/** Text out of a file as one line that cannot steer the terminal: control characters are shown as their escapes. */
public final class Printable {
    private Printable() {}

    /** The line for a text. */
    public static String of(String text) {
        StringBuilder safe = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
                safe.append("\\u%04x".formatted(c));
            } else {
                safe.appendCodePoint(c);
            }
        });
        return safe.toString();
    }
}
