package dev.aquarelle.sd.checkpoint;

import com.google.gson.JsonObject;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.prompt.ClipTokenizer;
import dev.aquarelle.sd.schedulers.SchedulerConfig;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A model in one safetensors file: a checkpoint in the layout of the original implementations (LDM) of Stable Diffusion 1, 2, SDXL or its
 * refiner, made for text alone, for inpainting or for editing. What it is shows in the names and shapes of its tensors. Nothing but the
 * numbers of the tensors is in such a file; the rest follows from shapes and from what the published models of the family have.
 *
 * <pre>{@code
 * ModelConfig told = ModelConfig.parse("told", "{'scheduler': {'prediction_type': 'v_prediction'}}".replace('\'', '"'));
 * ModelSource model = SingleFile.open(Path.of("model.safetensors"), told);
 * }</pre>
 *
 * <p>A part that the file lacks is missing only when it is asked for: {@link ReplacedParts} can give it.
 */
public final class SingleFile implements ModelSource {
    private static final ModelConfig NOTHING = ModelConfig.parse("", "{}");
    private static final String SUFFIX = ".safetensors";
    private static final int SCALE = 8; // pixels for each latent, along a side

    private final Path path;
    private final ModelConfig told;
    private final Weights file; // for names and shapes alone: the mapping is closed
    private final Family family;
    private final Map<String, LdmPart> parts = new HashMap<>();
    private final ModelConfig scheduler;

    private SingleFile(Path path, ModelConfig told, Weights file) {
        this.path = path;
        this.told = told;
        this.file = file;
        this.family = Family.of(file);
        this.scheduler = LdmScheduler.config(
                        where("scheduler"), family, Prediction.of(file, family, path), Prediction.endsInNoise(file))
                .with(told("scheduler"));
        int sampleSize = family.sampleSize(scheduler.string("prediction_type").equals(Prediction.V));
        int pooled = addTextEncoders();
        parts.put("unet", new LdmUNet(file, family, sampleSize, pooled));
        if (file.hasPart(LdmVae.PREFIX)) {
            parts.put("vae", new LdmVae(file.at(LdmVae.PREFIX), family.scalingFactor(), sampleSize * SCALE));
        }
    }

    /** {@link #open(Path, ModelConfig)} with nothing told. */
    public static SingleFile open(Path path) {
        return open(path, NOTHING);
    }

    /**
     * Reads the header of a checkpoint.
     *
     * @param told what the caller knows better, by part: {@code {"unet": {"attention_head_dim": 8}, "scheduler": {"prediction_type":
     *     "epsilon"}}}; fields are those of diffusers' {@code config.json} and {@code scheduler_config.json}
     * @throws ModelException if it is something else; says what
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if it is a malformed safetensors file
     */
    public static SingleFile open(Path path, ModelConfig told) {
        FileKind kind = FileKind.of(path);
        if (!kind.isCheckpoint()) {
            throw new ModelException("%s: expected a checkpoint of Stable Diffusion 1, 2 or SDXL, found: %s"
                    .formatted(path, kind.title()));
        }
        try (Arena arena = Arena.ofConfined()) {
            return new SingleFile(path, told, Weights.open(path, arena));
        }
    }

    /** Adds those that are there; the width of the pooled text, 0 if none gives one. */
    private int addTextEncoders() {
        int pooled = 0;
        for (String part : new String[] {"text_encoder", "text_encoder_2"}) {
            String prefix = family.textEncoder(part, file);
            if (!prefix.isEmpty() && file.hasPart(prefix + ".transformer")) {
                parts.put(part, new LdmClip(file, prefix + ".transformer"));
            } else if (!prefix.isEmpty() && file.hasPart(prefix + ".model")) {
                LdmOpenClip encoder = new LdmOpenClip(file, prefix + ".model", family.isXl());
                pooled = family.isXl() ? encoder.projectionDim() : 0;
                parts.put(part, encoder);
            }
        }
        return pooled;
    }

    private ModelConfig told(String part) {
        return told.isObject(part) ? told.object(part) : NOTHING;
    }

    @Override
    public String name() {
        String name = path.toAbsolutePath().normalize().getFileName().toString();
        return name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name;
    }

    @Override
    public boolean has(String part) {
        return switch (part) {
            case "scheduler" -> true;
            case "tokenizer" -> family != Family.SDXL_REFINER;
            case "tokenizer_2" -> family.isXl();
            default -> parts.containsKey(part);
        };
    }

    @Override
    public String where(String part) {
        return "%s: %s".formatted(path, part);
    }

    private LdmPart part(String name) {
        LdmPart part = parts.get(name);
        if (part == null) {
            throw new ModelException(
                    "%s: the checkpoint has no %s; one from elsewhere can be put beside it".formatted(path, name));
        }
        return part;
    }

    @Override
    public ModelConfig config(String part) {
        JsonObject json = part(part).config(told(part));
        return ModelConfig.parse(where(part), json.toString()).with(told(part));
    }

    @Override
    public Weights weights(String part, Arena arena) {
        return part(part).weights(Weights.open(path, arena));
    }

    @Override
    public ClipTokenizer tokenizer(String part) {
        if (!has(part)) {
            throw new ModelException("%s: %s has no %s".formatted(path, family.title(), part));
        }
        boolean openClip = family == Family.SD2 || part.equals("tokenizer_2");
        return ClipTokenizer.ofClip(openClip ? ClipTokenizer.EXCLAMATION_MARK : ClipTokenizer.END_OF_TEXT);
    }

    @Override
    public SchedulerConfig scheduler() {
        return SchedulerConfig.parse(where("scheduler"), scheduler.toString());
    }

    @Override
    public ModelConfig index() {
        JsonObject json = new JsonObject();
        json.addProperty("_class_name", pipeline());
        if (family.isXl()) {
            json.addProperty("force_zeros_for_empty_prompt", family == Family.SDXL);
            json.addProperty("requires_aesthetics_score", family == Family.SDXL_REFINER);
        }
        return ModelConfig.parse(where("model_index"), json.toString()).with(told("model_index"));
    }

    /** As diffusers calls what runs a model of this family that takes so many channels. */
    private String pipeline() {
        String start = family.isXl() ? "StableDiffusionXL" : "StableDiffusion";
        String task = switch (LdmUNet.inChannels(file)) {
            case 8 -> "InstructPix2Pix";
            case 9 -> "Inpaint";
            default -> family == Family.SDXL_REFINER ? "Img2Img" : "";
        };
        return start + task + "Pipeline";
    }

    @Override
    public ModelConfig generation() {
        return told("generation_config");
    }

    @Override
    public void putInto(SequencedMap<String, String> values, FileHashes hashes) {
        if (hashes.isOn()) {
            values.put(MODEL_HASH, hashes.of(path).substring(0, SHOWN_DIGITS));
        }
    }
}
