package dev.aquarelle.sd.prompt;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A prompt and the LoRAs that it names, as the web interface of AUTOMATIC1111 reads it:
 * <pre>
 * &lt;lora:name>                    as strong as it was trained
 * &lt;lora:name:0.8>
 * &lt;lora:name:0.8:0.5>            in text encoder and denoiser
 * &lt;lora:name:te=0.8:unet=0.5>    the same
 * </pre>
 * The word may also be {@code lyco}. Comments are left out before, see {@link PromptComments}.
 *
 * @param text the prompt without them and without comments
 * @param loras in their order
 */
public record TaggedPrompt(String text, List<Tag> loras) {
    private static final Pattern TAG = Pattern.compile("<(\\w+):([^>]+)>", Pattern.UNICODE_CHARACTER_CLASS);

    /**
     * What one tag says.
     *
     * @param name of the file, without its ending
     * @param textEncoder how much it counts in the text encoders
     * @param unet how much it counts in the denoiser
     */
    public record Tag(String name, double textEncoder, double unet) {}

    /** Copies the list. */
    public TaggedPrompt {
        loras = List.copyOf(loras);
    }

    /**
     * Takes the tags out of a prompt.
     *
     * @throws IllegalArgumentException if there is a tag of something else than a LoRA, or one that is broken
     */
    public static TaggedPrompt of(String prompt) {
        List<Tag> tags = new ArrayList<>();
        String text = TAG.matcher(PromptComments.leftOut(prompt)).replaceAll(found -> {
            tags.add(tag(found.group(), found.group(1), found.group(2)));
            return "";
        });
        return new TaggedPrompt(text, tags);
    }

    private static Tag tag(String whole, String kind, String arguments) {
        if (!kind.equals("lora") && !kind.equals("lyco")) {
            throw new IllegalArgumentException("prompt: expected <lora:NAME:WEIGHT>, found %s".formatted(whole));
        }
        List<String> plain = new ArrayList<>();
        List<String> named = new ArrayList<>();
        for (String argument : arguments.split(":", -1)) {
            (argument.contains("=") ? named : plain).add(argument);
        }
        if (plain.isEmpty() || plain.getFirst().isBlank() || plain.size() > 3) {
            throw new IllegalArgumentException(
                    "prompt: expected <lora:NAME:WEIGHT> or <lora:NAME:WEIGHT:WEIGHT>, found %s".formatted(whole));
        }
        double textEncoder = plain.size() > 1 ? weight(whole, plain.get(1)) : 1;
        @Nullable Double unet = plain.size() > 2 ? weight(whole, plain.get(2)) : null;
        for (String argument : named) {
            if (argument.startsWith("te=")) {
                textEncoder = weight(whole, argument.substring(3));
            } else if (argument.startsWith("unet=")) {
                unet = weight(whole, argument.substring(5));
            } else {
                throw new IllegalArgumentException(
                        "prompt: %s: expected te=WEIGHT or unet=WEIGHT, found %s".formatted(whole, argument));
            }
        }
        return new Tag(plain.getFirst(), textEncoder, unet == null ? textEncoder : unet);
    }

    private static double weight(String whole, String text) {
        double weight;
        try {
            weight = Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("prompt: %s: expected a number, found '%s'".formatted(whole, text), e);
        }
        if (!Double.isFinite(weight)) {
            throw new IllegalArgumentException("prompt: %s: expected a finite number, found %s".formatted(whole, text));
        }
        return weight;
    }
}
