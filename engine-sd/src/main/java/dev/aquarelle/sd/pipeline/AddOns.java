package dev.aquarelle.sd.pipeline;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What is added to the model for a request, by files of their own. The engine keeps what the last request used open.
 *
 * @param loras laid over the weights together
 * @param embeddings files of textual inversion, whose words the prompts may use
 * @param controlNets pictures that steer each step; their effects add up
 * @param guessMode whether ControlNets do without the prompt's help: only the prompted half sees them, the outer layers less
 * @param adapters pictures that steer by T2I-Adapters
 * @param imagePrompts pictures as prompts
 */
public record AddOns(
        List<Lora> loras,
        List<Path> embeddings,
        List<Control> controlNets,
        boolean guessMode,
        List<Control> adapters,
        List<ImagePrompt> imagePrompts) {
    /** Nothing. */
    public static final AddOns NONE = new AddOns(List.of(), List.of(), List.of(), false, List.of(), List.of());

    /** Copies the lists. */
    public AddOns {
        loras = List.copyOf(loras);
        embeddings = List.copyOf(embeddings);
        controlNets = List.copyOf(controlNets);
        adapters = List.copyOf(adapters);
        imagePrompts = List.copyOf(imagePrompts);
    }

    /** One LoRA more. */
    public AddOns with(Lora lora) {
        return new AddOns(and(loras, lora), embeddings, controlNets, guessMode, adapters, imagePrompts);
    }

    /** One file of new words more. */
    public AddOns withEmbedding(Path file) {
        return new AddOns(loras, and(embeddings, file), controlNets, guessMode, adapters, imagePrompts);
    }

    /** One ControlNet more. */
    public AddOns withControlNet(Control control) {
        return new AddOns(loras, embeddings, and(controlNets, control), guessMode, adapters, imagePrompts);
    }

    /** With or without the ControlNets' guess mode. */
    public AddOns withGuessMode(boolean on) {
        return new AddOns(loras, embeddings, controlNets, on, adapters, imagePrompts);
    }

    /** One T2I-Adapter more. */
    public AddOns withAdapter(Control adapter) {
        return new AddOns(loras, embeddings, controlNets, guessMode, and(adapters, adapter), imagePrompts);
    }

    /** One IP-Adapter more. */
    public AddOns with(ImagePrompt prompt) {
        return new AddOns(loras, embeddings, controlNets, guessMode, adapters, and(imagePrompts, prompt));
    }

    private static <T> List<T> and(List<T> list, T more) {
        return Stream.concat(list.stream(), Stream.of(more)).toList();
    }
}
