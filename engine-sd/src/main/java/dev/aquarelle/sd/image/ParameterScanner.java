package dev.aquarelle.sd.image;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Finds {@code name: value} pairs in a line, separated by commas; a value may be a JSON string. What fits no pair is skipped. One pass
 * without backtracking: a line from a stranger's file costs no more than its length.
 */
final class ParameterScanner {
    private final String line;
    private int at;

    ParameterScanner(String line) {
        this.line = line;
    }

    /** The pairs in their order, the last of equal names; none if there are fewer than {@code fewest}. */
    Map<String, String> pairs(int fewest) {
        Map<String, String> pairs = new LinkedHashMap<>();
        int found = 0;
        while (at < line.length()) {
            int start = at;
            int length = skipName();
            if (length >= 2 && at < line.length() && line.charAt(at) == ':') {
                String name = line.substring(start, at);
                at++;
                pairs.put(name, value());
                found++;
            } else if (length == 0) {
                at += Character.charCount(line.codePointAt(at));
            }
        }
        return found < fewest ? Map.of() : pairs;
    }

    /** A name is a letter, digit or underscore, then these, blanks, {@code -} and {@code /}; gives its number of characters. */
    private int skipName() {
        int length = 0;
        while (at < line.length()) {
            int c = line.codePointAt(at);
            if (!isWordPart(c) && (length == 0 || c != ' ' && c != '-' && c != '/')) {
                break;
            }
            length++;
            at += Character.charCount(c);
        }
        return length;
    }

    private static boolean isWordPart(int c) {
        if (c == '_' || Character.isLetter(c)) {
            return true;
        }
        int type = Character.getType(c);
        return type == Character.DECIMAL_DIGIT_NUMBER
                || type == Character.LETTER_NUMBER
                || type == Character.OTHER_NUMBER;
    }

    /** The value after the colon; the comma behind it is consumed. */
    private String value() {
        while (at < line.length() && isSpace(line.codePointAt(at))) {
            at++; // all white space lies in the basic plane
        }
        int start = at;
        int end = closingQuote();
        if (end < 0) {
            end = line.indexOf(',', start);
        }
        String value = line.substring(start, end < 0 ? line.length() : end);
        at = end < 0 ? line.length() : end + 1;
        return JsonString.unquote(value);
    }

    /** Where a quoted value that begins here ends, behind its quote, if it is followed by a comma or nothing; else -1. */
    private int closingQuote() {
        if (at >= line.length() || line.charAt(at) != '"') {
            return -1;
        }
        for (int i = at + 1; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                boolean last = i + 1 == line.length() || line.charAt(i + 1) == ',';
                return last ? i + 1 : -1;
            }
        }
        return -1;
    }

    /** Without white space at both ends: all of Unicode's and the separators U+001C to U+001F, as the web UI's {@code strip}. */
    static String strip(String text) {
        int from = 0;
        int to = text.length();
        while (from < to && isSpace(text.charAt(from))) {
            from++;
        }
        while (to > from && isSpace(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }

    private static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }
}
