package dev.aquarelle.sd.prompt;

import dev.aquarelle.sd.prompt.EditedPrompt.Alternate;
import dev.aquarelle.sd.prompt.EditedPrompt.Plain;
import dev.aquarelle.sd.prompt.EditedPrompt.Scheduled;
import dev.aquarelle.sd.prompt.EditedPrompt.Sequence;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds editing and alternation in a prompt, by the grammar of the web interface of AUTOMATIC1111:
 * <pre>
 * start:     (prompt | one of [ ] ( ) :)*
 * prompt:    (emphasized | scheduled | alternate | plain)*
 * emphasized: "(" prompt ")" | "(" prompt ":" prompt ")" | "[" prompt "]"
 * scheduled: "[" [prompt ":"] prompt ":" number "]"
 * alternate: "[" prompt ("|" prompt)+ "]"
 * plain:     anything but \ [ ] ( ) : |, or \ and any character but a line's end
 * </pre>
 * Within a prompt brackets are balanced, so what may begin at one is a single thing. They are looked at from the last to the first: then
 * each finds those within it done, and the whole takes a time proportional to the length.
 */
final class EditedPromptParser {
    private static final int DEEPEST = 100;
    private static final String MARKS = "[]():|";
    private static final Pattern NUMBER = Pattern.compile(
            "\\s*([+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?)\\s*", Pattern.UNICODE_CHARACTER_CLASS);

    private final String text;
    private final BitSet escaped = new BitSet();
    private final @Nullable Bracketed[] beginning;

    /**
     * From a bracket to the one that closes it.
     *
     * @param end behind the closing one
     * @param depth of the brackets within, this one counted
     */
    private record Bracketed(EditedPrompt prompt, int end, int depth) {}

    private EditedPromptParser(String text) {
        this.text = text;
        this.beginning = new Bracketed[text.length()];
    }

    /**
     * The prompt taken apart; as it stands where the grammar does not take it: with a {@code |} outside of alternation, or a {@code \} at a
     * line's end.
     *
     * @throws IllegalArgumentException if brackets are nested more than 100 deep
     */
    static EditedPrompt parse(String prompt) {
        EditedPromptParser parser = new EditedPromptParser(prompt);
        EditedPrompt found = parser.findEscapes() ? parser.whole() : null;
        return found == null ? new Plain(prompt) : found;
    }

    /** Whether each backslash has a character to escape. */
    private boolean findEscapes() {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '\\') {
                i++;
                if (i == text.length() || text.charAt(i) == '\n') {
                    return false;
                }
                escaped.set(i);
            }
        }
        return true;
    }

    private boolean isMark(int at) {
        return MARKS.indexOf(text.charAt(at)) >= 0 && !escaped.get(at);
    }

    private int endOfPlain(int from) {
        int end = from;
        while (end < text.length() && !isMark(end)) {
            end++;
        }
        return end;
    }

    private @Nullable EditedPrompt whole() {
        for (int i = text.length() - 1; i >= 0; i--) {
            if (isMark(i) && (text.charAt(i) == '(' || text.charAt(i) == '[')) {
                beginning[i] = new Inside(i).read();
            }
        }
        List<EditedPrompt> parts = new ArrayList<>();
        for (int i = 0; i < text.length(); ) {
            Bracketed bracketed = beginning[i];
            int end = bracketed != null ? bracketed.end : Math.max(i + 1, endOfPlain(i));
            if (text.charAt(i) == '|' && isMark(i)) {
                return null;
            }
            parts.add(bracketed != null ? bracketed.prompt : new Plain(text.substring(i, end)));
            i = end;
        }
        return new Sequence(parts);
    }

    /** What is between a bracket and the one that closes it, cut at colons or bars. */
    private final class Inside {
        private final int open;
        private final List<EditedPrompt> cut = new ArrayList<>();
        private List<EditedPrompt> current = new ArrayList<>();
        private int depth = 1;
        private int lastCut;
        private char separator;

        Inside(int open) {
            this.open = open;
            this.lastCut = open;
        }

        /** Nothing if the bracket begins nothing. */
        @Nullable
        Bracketed read() {
            for (int i = open + 1; i < text.length(); ) {
                if (!isMark(i)) {
                    int end = endOfPlain(i);
                    current.add(new Plain(text.substring(i, end)));
                    i = end;
                    continue;
                }
                char mark = text.charAt(i);
                if (mark == ')' || mark == ']') {
                    return (mark == ')') == (text.charAt(open) == '(') ? closed(i) : null;
                }
                if (mark == ':' || mark == '|') {
                    if (separator != 0 && separator != mark) {
                        return null;
                    }
                    separator = mark;
                    cut(i);
                    i++;
                    continue;
                }
                Bracketed within = beginning[i];
                if (within == null) {
                    return null;
                }
                current.add(within.prompt);
                depth = Math.max(depth, within.depth + 1);
                i = within.end;
            }
            return null;
        }

        private void cut(int at) {
            cut.add(new Sequence(List.copyOf(current)));
            current = new ArrayList<>();
            lastCut = at;
        }

        private @Nullable Bracketed closed(int at) {
            String last = text.substring(lastCut + 1, at);
            cut(at);
            EditedPrompt found = text.charAt(open) == '(' ? round() : square(last);
            if (found != null && depth > DEEPEST) {
                throw new IllegalArgumentException(
                        "prompt: expected brackets nested at most %d deep, found more".formatted(DEEPEST));
            }
            return found == null ? null : new Bracketed(found, at + 1, depth);
        }

        private @Nullable EditedPrompt round() {
            if (separator == '|' || cut.size() > 2) {
                return null;
            }
            return cut.size() == 1
                    ? new Sequence(List.of(new Plain("("), cut.getFirst(), new Plain(")")))
                    : new Sequence(
                            List.of(new Plain("("), cut.getFirst(), new Plain(":"), cut.getLast(), new Plain(")")));
        }

        private @Nullable EditedPrompt square(String last) {
            if (separator == '|') {
                return new Alternate(List.copyOf(cut));
            }
            if (cut.size() == 1) {
                return new Sequence(List.of(new Plain("["), cut.getFirst(), new Plain("]")));
            }
            Matcher number = NUMBER.matcher(last);
            if (cut.size() > 3 || !number.matches()) {
                return null;
            }
            EditedPrompt before = cut.size() == 3 ? cut.getFirst() : new Plain("");
            return new Scheduled(before, cut.get(cut.size() - 2), number.group(1));
        }
    }
}
