package dev.aquarelle.sd.checkpoint;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.prompt.ClipTokenizer;
import dev.aquarelle.sd.schedulers.SchedulerConfig;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * A model's folder in the layout of diffusers: {@code model_index.json} and a folder for each part.
 *
 * @param path the folder
 */
public record ModelFolder(Path path) implements ModelSource {
    private static final String INDEX = "model_index.json";
    private static final String GENERATION = "generation_config.json";

    /** The parts of Stable Diffusion 1 and 2. */
    private static final List<String> PARTS = List.of("tokenizer", "text_encoder", "unet", "vae", "scheduler");

    /** The parts of SDXL; its base model has the first text encoder too, its refiner has not. */
    private static final List<String> SDXL_PARTS = List.of("tokenizer_2", "text_encoder_2", "unet", "vae", "scheduler");

    /** What the index names if it is there. */
    private static final List<String> FIRST_ENCODER = List.of("tokenizer", "text_encoder");

    /** The pipelines whose models the engine knows. */
    private static final Map<String, List<String>> PIPELINES = Map.of(
            "StableDiffusionPipeline", PARTS,
            "StableDiffusionImg2ImgPipeline", PARTS,
            "StableDiffusionInpaintPipeline", PARTS,
            "StableDiffusionInstructPix2PixPipeline", PARTS,
            "LatentConsistencyModelPipeline", PARTS,
            "StableDiffusionXLPipeline", SDXL_PARTS,
            "StableDiffusionXLImg2ImgPipeline", SDXL_PARTS,
            "StableDiffusionXLInpaintPipeline", SDXL_PARTS,
            "StableDiffusionXLInstructPix2PixPipeline", SDXL_PARTS);

    /** The classes of parts that the engine knows. */
    private static final Map<String, List<String>> CLASSES = Map.of(
            "unet", List.of("UNet2DConditionModel"),
            "vae", List.of("AutoencoderKL", "AutoencoderTiny"),
            "text_encoder", List.of("CLIPTextModel"),
            "text_encoder_2", List.of("CLIPTextModelWithProjection"));

    /**
     * Checks that it is a model of this family, before anything is read of it.
     *
     * @throws ModelException if not; says what it is
     */
    public static ModelFolder open(Path path) {
        if (!Files.isDirectory(path)) {
            throw new ModelException("%s: expected a model's folder, found %s"
                    .formatted(path, Files.exists(path) ? "a file" : "nothing of that name"));
        }
        Path file = path.resolve(INDEX);
        if (!Files.exists(file)) {
            throw new ModelException(
                    "%s: expected a model in the layout of diffusers, found no %s".formatted(path, INDEX));
        }
        ModelConfig index = ModelConfig.read(file);
        String pipeline = index.string("_class_name");
        List<String> parts = PIPELINES.get(pipeline);
        if (parts == null) {
            throw new ModelException("%s: _class_name: expected one of %s, found %s"
                    .formatted(
                            file,
                            String.join(
                                    ", ", PIPELINES.keySet().stream().sorted().toList()),
                            pipeline));
        }
        CLASSES.forEach((part, known) -> requireKnown(index, part, known));
        ModelFolder folder = new ModelFolder(path);
        parts.forEach(folder::part);
        FIRST_ENCODER.stream().filter(part -> names(index, part) != null).forEach(folder::part);
        return folder;
    }

    private static void requireKnown(ModelConfig index, String part, List<String> known) {
        String found = names(index, part);
        if (found != null && !known.contains(found)) {
            throw new ModelException(
                    "%s: %s: expected %s, found %s".formatted(index.file(), part, String.join(" or ", known), found));
        }
    }

    /** The class of a part, if the index names one: two nulls stand for a part that a pipeline could have and this model has not. */
    private static @Nullable String names(ModelConfig index, String part) {
        if (!index.has(part)) {
            return null;
        }
        ModelConfig libraryAndClass = index.entries(part);
        return libraryAndClass.has("1") ? libraryAndClass.string("1") : null;
    }

    @Override
    public String name() {
        Path name = path.toAbsolutePath().normalize().getFileName();
        return name == null ? path.toString() : name.toString();
    }

    @Override
    public boolean has(String part) {
        return Files.isDirectory(path.resolve(part));
    }

    @Override
    public String where(String part) {
        return path.resolve(part).toString();
    }

    private Path part(String name) {
        if (!has(name)) {
            throw new ModelException("%s: the model lacks its folder %s".formatted(path, name));
        }
        return path.resolve(name);
    }

    @Override
    public ModelConfig config(String part) {
        return ModelConfig.read(part(part).resolve("config.json"));
    }

    @Override
    public Weights weights(String part, Arena arena) {
        return Weights.open(part(part), arena);
    }

    @Override
    public ClipTokenizer tokenizer(String part) {
        return ClipTokenizer.load(part(part));
    }

    @Override
    public SchedulerConfig scheduler() {
        return SchedulerConfig.read(part("scheduler"));
    }

    @Override
    public ModelConfig index() {
        return read(INDEX);
    }

    @Override
    public ModelConfig generation() {
        return read(GENERATION);
    }

    @Override
    public void putInto(SequencedMap<String, String> values, FileHashes hashes) {
        if (hashes.isOn()) {
            values.put(MODEL_HASH, hashes.of(path).substring(0, SHOWN_DIGITS));
        }
    }

    private ModelConfig read(String name) {
        Path file = path.resolve(name);
        return Files.exists(file) ? ModelConfig.read(file) : ModelConfig.parse(file.toString(), "{}");
    }
}
