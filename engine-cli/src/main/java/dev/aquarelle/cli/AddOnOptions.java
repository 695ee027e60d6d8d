package dev.aquarelle.cli;

import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.ImageFile;
import dev.aquarelle.sd.lora.LoraWeight;
import dev.aquarelle.sd.pipeline.AddOns;
import dev.aquarelle.sd.pipeline.Control;
import dev.aquarelle.sd.pipeline.ImagePrompt;
import dev.aquarelle.sd.pipeline.Lora;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** LoRAs, ControlNets and the like, as the options say. */
final class AddOnOptions {

    @Option(
            names = "--lora",
            paramLabel = "FILE[:X]",
            description = "A LoRA and how much it counts (default: 1). Several are added up.")
    private final List<String> loras = new ArrayList<>();

    @Option(
            names = "--embedding",
            paramLabel = "FILE",
            description = "A textual inversion, whose word the prompt may use: the file's name, or what it says.")
    private final List<Path> embeddings = new ArrayList<>();

    @ArgGroup(exclusive = false, multiplicity = "0..*")
    private final List<ControlNet> controlNets = new ArrayList<>();

    @Option(names = "--guess-mode", description = "Let ControlNets do more without the prompt.")
    private boolean guessMode;

    @ArgGroup(exclusive = false, multiplicity = "0..*")
    private final List<Adapter> adapters = new ArrayList<>();

    @ArgGroup(exclusive = false, multiplicity = "0..*")
    private final List<IpAdapter> ipAdapters = new ArrayList<>();

    /** A ControlNet and its picture. */
    static final class ControlNet {
        @Option(
                names = "--controlnet",
                required = true,
                paramLabel = "PATH",
                description = "A ControlNet, its picture behind it; several are added up.")
        @SuppressWarnings("NullAway.Init") // picocli sets it
        private Path model;

        @Option(
                names = "--control-image",
                required = true,
                paramLabel = "FILE",
                description =
                        "The picture of edges, depth, a pose that the ControlNet is made for, of the picture's size.")
        @SuppressWarnings("NullAway.Init")
        private Path image;

        @Option(names = "--control-scale", paramLabel = "X", description = "How much it counts (default: 1).")
        private double scale = 1;

        @Option(
                names = "--control-start",
                paramLabel = "X",
                description = "The part of the steps before it counts, from 0 (default: 0).")
        private double start;

        @Option(
                names = "--control-end",
                paramLabel = "X",
                description = "The part of the steps after which it does no longer, to 1 (default: 1).")
        private double end = 1;
    }

    /** A T2I-Adapter and its picture. */
    static final class Adapter {
        @Option(
                names = "--t2i-adapter",
                required = true,
                paramLabel = "PATH",
                description = "A T2I-Adapter, its picture behind it; several are added up.")
        @SuppressWarnings("NullAway.Init")
        private Path model;

        @Option(
                names = "--adapter-image",
                required = true,
                paramLabel = "FILE",
                description = "The picture that the adapter is made for, of the picture's size.")
        @SuppressWarnings("NullAway.Init")
        private Path image;

        @Option(names = "--adapter-scale", paramLabel = "X", description = "How much it counts (default: 1).")
        private double scale = 1;

        @Option(
                names = "--adapter-start",
                paramLabel = "X",
                description = "The part of the steps before it counts, from 0 (default: 0).")
        private double start;

        @Option(
                names = "--adapter-end",
                paramLabel = "X",
                description = "The part of the steps after which it does no longer, to 1 (default: 1).")
        private double end = 1;
    }

    /** An IP-Adapter and its pictures. */
    static final class IpAdapter {
        @Option(
                names = "--ip-adapter",
                required = true,
                paramLabel = "FILE",
                description = "An IP-Adapter, which makes prompts of pictures.")
        @SuppressWarnings("NullAway.Init")
        private Path adapter;

        @Option(
                names = "--ip-encoder",
                required = true,
                paramLabel = "DIR",
                description = "The CLIP image encoder that the IP-Adapter is made for.")
        @SuppressWarnings("NullAway.Init")
        private Path encoder;

        @Option(
                names = "--ip-image",
                required = true,
                paramLabel = "FILE",
                description = "A picture that the result shall be like, one or more.")
        private final List<Path> images = new ArrayList<>();

        @Option(
                names = "--ip-scale",
                paramLabel = "X",
                description = "How much they count beside the text (default: 1).")
        private double scale = 1;
    }

    /**
     * What the options say.
     *
     * @throws IllegalArgumentException if a number is no number or out of its range
     * @throws IOException if a picture cannot be read
     */
    AddOns read() throws IOException {
        AddOns addOns = AddOns.NONE.withGuessMode(guessMode);
        for (String lora : loras) {
            addOns = addOns.with(lora(lora));
        }
        for (Path embedding : embeddings) {
            addOns = addOns.withEmbedding(embedding);
        }
        for (ControlNet net : controlNets) {
            addOns = addOns.withControlNet(
                    new Control(net.model, ImageFile.read(net.image), net.scale, net.start, net.end));
        }
        for (Adapter adapter : adapters) {
            addOns = addOns.withAdapter(new Control(
                    adapter.model, ImageFile.read(adapter.image), adapter.scale, adapter.start, adapter.end));
        }
        for (IpAdapter adapter : ipAdapters) {
            List<Image> images = new ArrayList<>();
            for (Path image : adapter.images) {
                images.add(ImageFile.read(image));
            }
            addOns = addOns.with(new ImagePrompt(adapter.adapter, adapter.encoder, images, adapter.scale));
        }
        return addOns;
    }

    /** What follows the last colon is the weight, if it is a number: paths may have colons too. */
    private static Lora lora(String text) {
        int colon = text.lastIndexOf(':');
        String weight = text.substring(colon + 1);
        return colon > 0 && weight.matches("[+-]?[0-9]*\\.?[0-9]+")
                ? new Lora(Path.of(text.substring(0, colon)), LoraWeight.of(Double.parseDouble(weight)))
                : new Lora(Path.of(text), LoraWeight.of(1));
    }
}
