package dev.aquarelle.sd.image;

/** A text in quotes as JSON writes it, characters beyond ASCII as they are. */
final class JsonString {
    private static final String ESCAPED = "\"\\\b\f\n\r\t";
    private static final String ESCAPES = "\"\\bfnrt";

    private JsonString() {}

    static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int escape = ESCAPED.indexOf(c);
            if (escape >= 0) {
                quoted.append('\\').append(ESCAPES.charAt(escape));
            } else if (c < ' ') {
                quoted.append("\\u%04x".formatted((int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }

    /** What stands between the quotes; a text that is no JSON string is given back as it is. */
    static String unquote(String text) {
        int end = text.length() - 1;
        if (end < 1 || text.charAt(0) != '"' || text.charAt(end) != '"') {
            return text;
        }
        StringBuilder plain = new StringBuilder();
        for (int i = 1; i < end; i++) {
            char c = text.charAt(i);
            if (c == '"' || c < ' ') {
                return text;
            }
            if (c != '\\') {
                plain.append(c);
                continue;
            }
            char escape = text.charAt(++i);
            int known = ESCAPES.indexOf(escape);
            if (i == end) {
                return text;
            } else if (known >= 0) {
                plain.append(ESCAPED.charAt(known));
            } else if (escape == '/') {
                plain.append('/');
            } else if (escape == 'u' && isHex(text, i + 1, end)) {
                plain.append((char) Integer.parseInt(text, i + 1, i + 5, 16));
                i += 4;
            } else {
                return text;
            }
        }
        return plain.toString();
    }

    private static boolean isHex(String text, int from, int end) {
        return from + 4 <= end
                && text.substring(from, from + 4).chars().allMatch(c -> Character.digit(c, 16) >= 0 && c < 128);
    }
}
