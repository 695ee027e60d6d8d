package dev.aquarelle.weights;

import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A model of full size whose weights are computed from the names of its tensors: for tests and measurements where no trained weights are at hand.
 * Its pictures are noise; sizes, speed and memory are those of the real model. Equal on every machine, bit for bit.
 *
 * <p>To add one, put its configurations beside those of {@link #SD15} in this module's resources. They are those of the published models, but for
 * parts that are not written (safety checker, feature extractor).
 */
public enum SyntheticModel {
    /** Stable Diffusion 1.5: text encoder CLIP ViT-L/14, U-Net of 860 million weights; 2.1 GB. */
    SD15,

    /** Stable Diffusion 2.1 for pictures of 768x768: text encoder OpenCLIP ViT-H/14, U-Net of 866 million weights, v prediction; 2.6 GB. */
    SD2,

    /** SDXL base 1.0: text encoders CLIP ViT-L/14 and OpenCLIP ViT-bigG/14, U-Net of 2.6 billion weights; 6.9 GB. */
    SDXL,

    /** SDXL refiner 1.0: text encoder OpenCLIP ViT-bigG/14, U-Net of 2.3 billion weights; 6.1 GB. */
    SDXL_REFINER;

    /** A part of a diffusers model that has weights. */
    private enum Part {
        TEXT_ENCODER("model.safetensors", "tokenizer"),
        TEXT_ENCODER_2("model.safetensors", "tokenizer_2"),
        UNET("diffusion_pytorch_model.safetensors", null),
        VAE("diffusion_pytorch_model.safetensors", null);

        final String file;
        final @Nullable String tokenizer;

        Part(String file, @Nullable String tokenizer) {
            this.file = file;
            this.tokenizer = tokenizer;
        }

        String folder() {
            return name().toLowerCase(Locale.ROOT);
        }

        Map<String, Shape> tensors(ConfigFile config) {
            return switch (this) {
                case TEXT_ENCODER, TEXT_ENCODER_2 -> TextEncoderTensors.of(config);
                case UNET -> UNetTensors.of(config);
                case VAE -> VaeTensors.of(config);
            };
        }
    }

    private List<Part> parts() {
        return switch (this) {
            case SD15, SD2 -> List.of(Part.TEXT_ENCODER, Part.UNET, Part.VAE);
            case SDXL -> List.of(Part.TEXT_ENCODER, Part.TEXT_ENCODER_2, Part.UNET, Part.VAE);
            case SDXL_REFINER -> List.of(Part.TEXT_ENCODER_2, Part.UNET, Part.VAE);
        };
    }

    /** The model's name in commands: {@code sd15}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Names and shapes of all tensors by the folder of their part ({@code text_encoder}, {@code unet}, ...), in the order of the files. */
    public Map<String, Map<String, Shape>> tensors() {
        Map<String, Map<String, Shape>> tensors = new LinkedHashMap<>();
        parts().forEach(part -> tensors.put(part.folder(), tensors(part)));
        return tensors;
    }

    private Map<String, Shape> tensors(Part part) {
        return part.tensors(ConfigFile.parse(resource(part.folder() + "/config.json")));
    }

    /** Bytes of all tensors together. */
    public long bytes() {
        return tensors().values().stream()
                .flatMap(part -> part.values().stream())
                .mapToLong(shape -> DType.F16.bytesFor(shape.size()))
                .sum();
    }

    /** The numbers of a tensor, F16, in memory of {@code arena}. */
    public static Tensor tensor(String name, Shape shape, Arena arena) {
        Tensor tensor = Tensor.allocate(arena, DType.F16, shape.dims());
        Recipe.of(name, shape).fill(tensor.data());
        return tensor;
    }

    /**
     * Writes the model as a diffusers folder: weights, configurations, tokenizers, scheduler. {@code model_index.json} comes last, so that a folder
     * that was not finished is not taken for a model.
     *
     * @param folder a folder that is empty or does not exist
     * @param tokenizer a folder with {@code vocab.json} and {@code merges.txt} to copy for each text encoder, or null for a model without a
     *     tokenizer. What is said there of special tokens holds for SD 1.5; the others have their own, which differ in the padding
     * @throws WeightsException if the folder is not empty, the tokenizer is none, or there is too little room on the disk; nothing is written then
     * @throws IOException if writing fails
     */
    public void write(Path folder, @Nullable Path tokenizer) throws IOException {
        requireEmpty(folder);
        if (tokenizer != null) {
            Tokenizers.require(tokenizer);
        }
        Files.createDirectories(folder);
        requireRoom(folder);
        for (Part part : parts()) {
            Path to = Files.createDirectories(folder.resolve(part.folder()));
            writeWeights(tensors(part), to.resolve(part.file));
        }
        writeSettings(folder, tokenizer);
    }

    /** All files of a model but its weights. */
    void writeSettings(Path folder, @Nullable Path tokenizer) throws IOException {
        for (Part part : parts()) {
            copyResource(part.folder() + "/config.json", folder);
            if (tokenizer != null && part.tokenizer != null) {
                writeTokenizer(tokenizer, part.tokenizer, folder);
            }
        }
        copyResource("scheduler/scheduler_config.json", folder);
        copyResource("model_index.json", folder);
    }

    private void writeTokenizer(Path from, String name, Path folder) throws IOException {
        Tokenizers.copy(from, folder.resolve(name));
        if (this != SD15) {
            for (String file : Tokenizers.SPECIAL_TOKENS) {
                copyResource(name + "/" + file, folder);
            }
        }
    }

    private static void requireEmpty(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        if (!Files.isDirectory(folder)) {
            throw new WeightsException("%s: expected a new or empty folder, found a file".formatted(folder));
        }
        try (Stream<Path> entries = Files.list(folder)) {
            long count = entries.count();
            if (count > 0) {
                throw new WeightsException(
                        "%s: expected a new or empty folder, found one with %d entries".formatted(folder, count));
            }
        }
    }

    private void requireRoom(Path folder) throws IOException {
        long room = Files.getFileStore(folder).getUsableSpace();
        if (room < bytes()) {
            throw new WeightsException(
                    "%s: expected room for %,d bytes on its disk, found %,d".formatted(folder, bytes(), room));
        }
    }

    /** The tensors take turns in memory for the largest of them. */
    private static void writeWeights(Map<String, Shape> tensors, Path file) throws IOException {
        try (Arena arena = Arena.ofShared()) {
            Scratch scratch = Scratch.forLargest(tensors.values(), DType.F16, arena);
            SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
            tensors.forEach((name, shape) -> writer.add(name, DType.F16, shape, () -> {
                Tensor tensor = scratch.tensor(DType.F16, shape);
                Recipe.of(name, shape).fill(tensor.data());
                return tensor;
            }));
            writer.write(file);
        }
    }

    private void copyResource(String name, Path folder) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, resource(name));
    }

    private String resource(String name) {
        try (InputStream in = SyntheticModel.class.getResourceAsStream(id() + "/" + name)) {
            if (in == null) {
                throw new IllegalStateException("%s/%s: missing in the module".formatted(id(), name));
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
