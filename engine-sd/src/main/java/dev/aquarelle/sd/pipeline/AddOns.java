package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.image.Image;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is added to the model for a request, by files of their own. The engine keeps what the last request used open.
 *
 * @param loras laid over the weights together
 * @param embeddings files of textual inversion, whose words the prompts may use
 * @param controlNets pictures that steer each step; their effects add up
 * @param guessMode whether ControlNets do without the prompt's help: only the prompted half sees them, the outer layers less
 * @param adapters pictures that steer by T2I-Adapters
 * @param imagePrompts pictures as prompts
 * @param lorasByName finds LoRAs that prompts call by name, as {@code <lora:name:0.8>}
 */
public record AddOns(
        List<Lora> loras,
        List<Path> embeddings,
        List<Control> controlNets,
        boolean guessMode,
        List<Control> adapters,
        List<ImagePrompt> imagePrompts,
        @Nullable LoraFinder lorasByName) {
    /** Nothing. */
    public static final AddOns NONE = new AddOns(List.of(), List.of(), List.of(), false, List.of(), List.of(), null);

    private static final int MOST_LORAS = 100; // a prompt from a stranger's file may name any number

    /**
     * Copies the lists.
     *
     * @throws IllegalArgumentException if there are more than 100 LoRAs
     */
    public AddOns {
        loras = List.copyOf(loras);
        embeddings = List.copyOf(embeddings);
        controlNets = List.copyOf(controlNets);
        adapters = List.copyOf(adapters);
        imagePrompts = List.copyOf(imagePrompts);
        if (loras.size() > MOST_LORAS) {
            throw new IllegalArgumentException(
                    "LoRAs: expected at most %d, found %d".formatted(MOST_LORAS, loras.size()));
        }
    }

    /** One LoRA more. */
    public AddOns with(Lora lora) {
        return new AddOns(and(loras, lora), embeddings, controlNets, guessMode, adapters, imagePrompts, lorasByName);
    }

    /** One file of new words more. */
    public AddOns withEmbedding(Path file) {
        return new AddOns(loras, and(embeddings, file), controlNets, guessMode, adapters, imagePrompts, lorasByName);
    }

    /** One ControlNet more. */
    public AddOns withControlNet(Control control) {
        return new AddOns(loras, embeddings, and(controlNets, control), guessMode, adapters, imagePrompts, lorasByName);
    }

    /** With or without the ControlNets' guess mode. */
    public AddOns withGuessMode(boolean on) {
        return new AddOns(loras, embeddings, controlNets, on, adapters, imagePrompts, lorasByName);
    }

    /** One T2I-Adapter more. */
    public AddOns withAdapter(Control adapter) {
        return new AddOns(loras, embeddings, controlNets, guessMode, and(adapters, adapter), imagePrompts, lorasByName);
    }

    /** One IP-Adapter more. */
    public AddOns with(ImagePrompt prompt) {
        return new AddOns(loras, embeddings, controlNets, guessMode, adapters, and(imagePrompts, prompt), lorasByName);
    }

    /** With LoRAs that prompts may call by name: safetensors files in a folder and those in it. */
    public AddOns withLoraFolder(Path folder) {
        return withLorasByName(new LoraFolder(folder));
    }

    /** With LoRAs that prompts may call by name, found as the caller likes. */
    public AddOns withLorasByName(LoraFinder finder) {
        return new AddOns(loras, embeddings, controlNets, guessMode, adapters, imagePrompts, finder);
    }

    /** With other pictures in the place of those of ControlNets and T2I-Adapters. */
    AddOns withSteering(UnaryOperator<Image> pictures) {
        return new AddOns(
                loras,
                embeddings,
                controlNets.stream().map(net -> net.withImage(pictures)).toList(),
                guessMode,
                adapters.stream().map(adapter -> adapter.withImage(pictures)).toList(),
                imagePrompts,
                lorasByName);
    }

    private static <T> List<T> and(List<T> list, T more) {
        return Stream.concat(list.stream(), Stream.of(more)).toList();
    }
}
