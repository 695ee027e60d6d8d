package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.checkpoint.FileHashes;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.lora.LoraWeight;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Add-ons in the parameters of a picture and back: {@code ControlNet 0: "Model: canny, Weight: 0.5, ..."}, counted from 0. Files are named by their
 * names without folders, pictures by their hashes.
 */
final class AddOnParameters {
    private static final String SUFFIX = ".safetensors";
    private static final int LORA_DIGITS = 12; // of the hash of its tensors, as in the web UI
    private static final int IMAGE_DIGITS = 16;

    private static final String LORA = "Lora";
    private static final String EMBEDDING = "Embedding";
    private static final String CONTROL_NET = "ControlNet";
    private static final String ADAPTER = "T2I-Adapter";
    private static final String IMAGE_PROMPT = "IP-Adapter";
    private static final String GUESS_MODE = "ControlNet guess mode";
    private static final String LORA_HASHES = "Lora hashes";
    private static final String EMBEDDING_HASHES = "TI hashes";

    private AddOnParameters() {}

    /** What parameters call a file or folder. */
    static String name(Path path) {
        String name = path.toAbsolutePath().normalize().getFileName().toString();
        return name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name;
    }

    /** What parameters call a picture. */
    static String hash(Image image) {
        return image.sha256().substring(0, IMAGE_DIGITS);
    }

    static void put(SequencedMap<String, String> values, AddOns addOns, FileHashes hashes) {
        putLoras(values, addOns.loras());
        for (int i = 0; i < addOns.embeddings().size(); i++) {
            values.put(EMBEDDING + " " + i, name(addOns.embeddings().get(i)));
        }
        if (hashes.isOn() && !addOns.embeddings().isEmpty()) {
            values.put(
                    EMBEDDING_HASHES,
                    addOns.embeddings().stream()
                            .map(file -> name(file) + ": " + digits(hashes.of(file)))
                            .collect(Collectors.joining(", ")));
        }
        putControls(values, CONTROL_NET, addOns.controlNets(), hashes);
        if (addOns.guessMode()) {
            values.put(GUESS_MODE, "True");
        }
        putControls(values, ADAPTER, addOns.adapters(), hashes);
        for (int i = 0; i < addOns.imagePrompts().size(); i++) {
            ImagePrompt prompt = addOns.imagePrompts().get(i);
            Map<String, String> inner = model(prompt.adapter(), hashes);
            inner.put("Encoder", name(prompt.imageEncoder()));
            inner.put("Weight", Double.toString(prompt.scale()));
            inner.put(
                    "Images",
                    prompt.images().stream().map(AddOnParameters::hash).collect(Collectors.joining(" ")));
            values.put(IMAGE_PROMPT + " " + i, GenerationParameters.text(inner));
        }
    }

    private static void putLoras(SequencedMap<String, String> values, List<Lora> loras) {
        for (int i = 0; i < loras.size(); i++) {
            LoraWeight weight = loras.get(i).weight();
            Map<String, String> inner = new LinkedHashMap<>();
            inner.put("Model", name(loras.get(i).file()));
            inner.put("Weight", Double.toString(weight.unet()));
            inner.put("Text encoder weight", Double.toString(weight.textEncoder()));
            if (!weight.blocks().isEmpty()) {
                Map<String, String> blocks = new LinkedHashMap<>();
                weight.blocks().entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .forEach(block -> blocks.put(block.getKey(), Double.toString(block.getValue())));
                inner.put(
                        "Blocks",
                        blocks.entrySet().stream()
                                .map(block -> block.getKey() + "=" + block.getValue())
                                .collect(Collectors.joining(" ")));
            }
            values.put(LORA + " " + i, GenerationParameters.text(inner));
        }
    }

    /** As in the web UI for all LoRAs, also those that the prompt names in itself. */
    static void putLoraHashes(SequencedMap<String, String> values, List<Lora> loras, FileHashes hashes) {
        if (!loras.isEmpty()) {
            values.put(
                    LORA_HASHES,
                    loras.stream()
                            .map(lora -> name(lora.file()) + ": "
                                    + hashes.ofTensors(lora.file()).substring(0, LORA_DIGITS))
                            .collect(Collectors.joining(", ")));
        }
    }

    private static void putControls(
            SequencedMap<String, String> values, String kind, List<Control> controls, FileHashes hashes) {
        for (int i = 0; i < controls.size(); i++) {
            Control control = controls.get(i);
            Map<String, String> inner = model(control.model(), hashes);
            inner.put("Weight", Double.toString(control.scale()));
            inner.put("Guidance Start", Double.toString(control.start()));
            inner.put("Guidance End", Double.toString(control.end()));
            inner.put("Image", hash(control.image()));
            values.put(kind + " " + i, GenerationParameters.text(inner));
        }
    }

    private static Map<String, String> model(Path path, FileHashes hashes) {
        Map<String, String> inner = new LinkedHashMap<>();
        inner.put("Model", name(path));
        if (hashes.isOn()) {
            inner.put("Hash", digits(hashes.of(path)));
        }
        return inner;
    }

    private static String digits(String hash) {
        return hash.substring(0, ModelSource.SHOWN_DIGITS);
    }

    /**
     * What {@link #put} said, taken out of the parameters.
     *
     * @throws IllegalArgumentException if something is broken, or a file or picture is not found
     */
    static AddOns takenFrom(ParameterReader values, ReplayFiles files) {
        values.text(LORA_HASHES); // compared with the new picture's in the end, as all hashes are
        values.text(EMBEDDING_HASHES);
        AddOns addOns = AddOns.NONE.withGuessMode(values.text(GUESS_MODE) != null);
        for (ParameterReader inner : all(values, LORA)) {
            double weight = inner.number("Weight", 1);
            addOns = addOns.with(new Lora(
                    files.file("LoRA", model(LORA, inner)),
                    LoraWeight.of(weight, inner.number("Text encoder weight", weight))
                            .withBlocks(blocks(inner.text("Blocks", "")))));
        }
        for (int i = 0; values.has(EMBEDDING + " " + i); i++) {
            addOns = addOns.withEmbedding(files.file("embedding", values.text(EMBEDDING + " " + i, "")));
        }
        for (ParameterReader inner : all(values, CONTROL_NET)) {
            addOns = addOns.withControlNet(control(CONTROL_NET, inner, files));
        }
        for (ParameterReader inner : all(values, ADAPTER)) {
            addOns = addOns.withAdapter(control(ADAPTER, inner, files));
        }
        for (ParameterReader inner : all(values, IMAGE_PROMPT)) {
            List<Image> images = Stream.of(inner.text("Images", "").split(" "))
                    .map(hash -> files.picture("the IP-Adapter's picture", hash))
                    .toList();
            addOns = addOns.with(new ImagePrompt(
                    files.file(IMAGE_PROMPT, model(IMAGE_PROMPT, inner)),
                    files.file("CLIP image encoder", inner.text("Encoder", "")),
                    images,
                    inner.number("Weight", 1)));
        }
        return addOns;
    }

    private static List<ParameterReader> all(ParameterReader values, String kind) {
        List<ParameterReader> all = new ArrayList<>();
        for (int i = 0; values.has(kind + " " + i); i++) {
            all.add(new ParameterReader(GenerationParameters.pairs(values.text(kind + " " + i, ""))));
        }
        return all;
    }

    private static String model(String kind, ParameterReader inner) {
        String name = inner.text("Model");
        if (name == null) {
            throw ParameterReader.mismatch(kind, "a model's name", null);
        }
        return withoutHash(name);
    }

    /** A model's name without what the web UI puts behind it. */
    static String withoutHash(String name) {
        return name.replaceFirst(" \\[[0-9a-f]+]$", "");
    }

    /** What parameters call a model that they name in one value: {@code name [hash]}, as the web UI does. */
    static String named(Path path, FileHashes hashes) {
        return hashes.isOn() ? "%s [%s]".formatted(name(path), digits(hashes.of(path))) : name(path);
    }

    private static Control control(String kind, ParameterReader inner, ReplayFiles files) {
        return new Control(
                files.file(kind, model(kind, inner)),
                files.picture("the %s's picture".formatted(kind), inner.text("Image", "")),
                inner.number("Weight", 1),
                inner.number("Guidance Start", 0),
                inner.number("Guidance End", 1));
    }

    private static Map<String, Double> blocks(String text) {
        Map<String, Double> blocks = new LinkedHashMap<>();
        for (String block : text.isEmpty() ? new String[0] : text.split(" ")) {
            int equals = block.lastIndexOf('=');
            try {
                blocks.put(block.substring(0, equals), Double.parseDouble(block.substring(equals + 1)));
            } catch (IndexOutOfBoundsException | NumberFormatException e) {
                throw ParameterReader.mismatch("Blocks", "a block and its factor", block);
            }
        }
        return blocks;
    }
}
