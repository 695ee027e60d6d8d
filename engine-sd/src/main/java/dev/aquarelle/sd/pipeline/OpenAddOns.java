package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.checkpoint.SourceOver;
import dev.aquarelle.sd.clip.ClipVisionModel;
import dev.aquarelle.sd.control.ControlNetModel;
import dev.aquarelle.sd.control.ControlNets;
import dev.aquarelle.sd.control.IPAdapter;
import dev.aquarelle.sd.control.T2IAdapter;
import dev.aquarelle.sd.control.T2IAdapters;
import dev.aquarelle.sd.inversion.Embeddings;
import dev.aquarelle.sd.inversion.TextualInversion;
import dev.aquarelle.sd.lora.LoraFile;
import dev.aquarelle.sd.lora.Loras;
import dev.aquarelle.sd.unet.UNetConfig;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The files of a request's {@link AddOns}, open: the same files serve one request after the other. */
final class OpenAddOns implements AutoCloseable {
    private final Arena arena;
    private final Files files;
    private final List<TextualInversion> words;
    private final Loras loras;
    private final @Nullable ControlNets controlNets;
    private final @Nullable T2IAdapters adapters;
    private final List<IPAdapter> imageAdapters;
    private final List<ClipVisionModel> imageEncoders;

    /** What has to be opened; the same for requests that differ in pictures and strengths alone. */
    private record Files(
            List<Lora> loras, List<Path> words, List<Path> controlNets, List<Path> adapters, List<Path> images) {
        static Files of(AddOns addOns) {
            return new Files(
                    addOns.loras(),
                    addOns.embeddings(),
                    addOns.controlNets().stream().map(Control::model).toList(),
                    addOns.adapters().stream().map(Control::model).toList(),
                    addOns.imagePrompts().stream()
                            .flatMap(prompt -> List.of(prompt.adapter(), prompt.imageEncoder()).stream())
                            .toList());
        }
    }

    /**
     * Opens the files.
     *
     * @throws dev.aquarelle.sd.ModelException if one is not what it should be
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if one is damaged
     */
    @SuppressWarnings("MustBeClosedChecker") // closed with this
    OpenAddOns(AddOns addOns) {
        this.arena = Arena.ofShared();
        this.files = Files.of(addOns);
        boolean opened = false;
        try {
            words = files.words().stream()
                    .map(file -> TextualInversion.read(file, arena))
                    .toList();
            loras = new Loras(addOns.loras().stream()
                    .map(lora -> new Loras.Entry(LoraFile.read(lora.file(), arena), lora.weight()))
                    .toList());
            controlNets = files.controlNets().isEmpty()
                    ? null
                    : new ControlNets(files.controlNets().stream()
                            .map(path -> ControlNetModel.load(path, arena))
                            .toList());
            adapters = files.adapters().isEmpty()
                    ? null
                    : new T2IAdapters(files.adapters().stream()
                            .map(path -> T2IAdapter.load(path, arena))
                            .toList());
            imageAdapters = addOns.imagePrompts().stream()
                    .map(prompt -> IPAdapter.load(prompt.adapter(), arena))
                    .toList();
            imageEncoders = addOns.imagePrompts().stream()
                    .map(prompt -> ClipVisionModel.load(prompt.imageEncoder(), arena))
                    .toList();
            opened = true;
        } finally {
            if (!opened) {
                arena.close();
            }
        }
    }

    /** Whether a request needs these files and no others. */
    boolean serve(AddOns addOns) {
        return files.equals(Files.of(addOns));
    }

    /** The model with words, LoRAs and IP-Adapters laid over it. */
    ModelSource over(ModelSource model) {
        ModelSource source = words.isEmpty() ? model : Embeddings.over(model, words);
        source = loras.entries().isEmpty() ? source : loras.adapt(source);
        return imageAdapters.isEmpty() ? source : new WithImageAdapters(source, imageAdapters);
    }

    private record WithImageAdapters(ModelSource base, List<IPAdapter> adapters) implements SourceOver {
        @Override
        public Weights weights(String part, Arena arena) {
            Weights weights = base.weights(part, arena);
            return part.equals("unet")
                    ? IPAdapter.laidOver(weights, UNetConfig.of(base.config(part)), adapters)
                    : weights;
        }
    }

    @Nullable
    ControlNets controlNets() {
        return controlNets;
    }

    @Nullable
    T2IAdapters adapters() {
        return adapters;
    }

    IPAdapter imageAdapter(int index) {
        return imageAdapters.get(index);
    }

    ClipVisionModel imageEncoder(int index) {
        return imageEncoders.get(index);
    }

    @Override
    public void close() {
        arena.close();
    }
}
