package dev.aquarelle.sd.prompt;

import java.util.regex.Pattern;

/** Comments in prompts, as the web interface of AUTOMATIC1111 has them: from a {@code #}, wherever it stands, to the end of its line. */
public final class PromptComments {
    private static final Pattern COMMENT = Pattern.compile("#[^\\n]*\\n?");

    private PromptComments() {}

    /** A prompt with the end of a line in place of each comment, which is a blank to tokenizers. */
    public static String leftOut(String prompt) {
        return COMMENT.matcher(prompt).replaceAll("\n");
    }
}
