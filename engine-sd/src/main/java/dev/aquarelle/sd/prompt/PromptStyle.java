package dev.aquarelle.sd.prompt;

import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/** How the text of a prompt is read. */
public enum PromptStyle {
    /** Each character is text, and what is longer than the text encoder takes is cut, as diffusers' pipelines do. */
    PLAIN,
    /** Weights, chunks, editing, alternation, composition and LoRAs by the marks of the web interface of AUTOMATIC1111. */
    WEB_UI;

    /** Its name in the parameters of a picture. */
    public static final String KEY = "Prompt style";

    private static final String PLAIN_VALUE = "plain";

    /** Adds it to a picture's parameters. Those that say nothing of it are in the style of the web interface, which knows no other. */
    public void putInto(SequencedMap<String, String> values) {
        if (this == PLAIN) {
            values.put(KEY, PLAIN_VALUE);
        }
    }

    /**
     * The style that a picture's parameters tell.
     *
     * @param value of {@link #KEY}, null if they say nothing
     * @throws IllegalArgumentException if it is none of these
     */
    public static PromptStyle of(@Nullable String value) {
        if (value != null && !value.equals(PLAIN_VALUE)) {
            throw new IllegalArgumentException("%s: expected '%s', found '%s'".formatted(KEY, PLAIN_VALUE, value));
        }
        return value == null ? WEB_UI : PLAIN;
    }
}
