package dev.aquarelle.sd.checkpoint;

import com.google.gson.JsonObject;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A model with the autoencoder of a file without a configuration: in the original layout, alone or inside of a checkpoint, or a tiny one. Latents are
 * scaled and channels normed together as in the model's own, since the file does not say.
 */
public final class VaeFile implements SourceOver {
    private static final String VAE = "vae";
    private static final String CONFIG = "config.json";

    private final ModelSource base;
    private final Path path;
    private final String prefix;
    private final ModelConfig config;

    private VaeFile(ModelSource base, Path path, Weights file) {
        this.base = base;
        this.path = path;
        this.prefix = file.hasPart(LdmVae.PREFIX) ? LdmVae.PREFIX : "";
        this.config = ModelConfig.parse(path.toString(), config(file).toString());
    }

    /**
     * Puts another autoencoder in the place of a model's own.
     *
     * @param path a folder in the layout of diffusers, a file in one, or a file of the original layout or of a tiny autoencoder
     * @throws ModelException if it is something else; says what
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if it is a malformed safetensors file
     */
    public static ModelSource over(ModelSource base, Path path) {
        if (Files.isDirectory(path)) {
            return new ReplacedParts(base, Map.of(VAE, path));
        }
        Path folder = path.toAbsolutePath().getParent();
        FileKind kind = FileKind.of(path);
        try (Arena arena = Arena.ofConfined()) {
            if (!kind.isSafetensors()) {
                throw unknown(path, kind);
            }
            Weights file = Weights.open(path, arena);
            if (file.hasPart("decoder.up_blocks") && folder != null && Files.exists(folder.resolve(CONFIG))) {
                return new ReplacedParts(base, Map.of(VAE, folder));
            }
            return new VaeFile(base, path, file);
        }
    }

    private static ModelException unknown(Path path, FileKind kind) {
        return new ModelException(
                "%s: expected an autoencoder in the original layout, or in diffusers' with its %s beside it, found: %s"
                        .formatted(path, CONFIG, kind.title()));
    }

    private JsonObject config(Weights file) {
        if (part(file).hasPart("decoder.up")) {
            ModelConfig own = base.config(VAE);
            int pixels = own.integer("sample_size", 1, 1 << 20, 512);
            JsonObject json = new LdmVae(part(file), own.number("scaling_factor", 0.18215), pixels)
                    .config(ModelConfig.parse("", "{}"));
            json.addProperty("norm_num_groups", own.integer("norm_num_groups", 1, 1 << 20, 32));
            return json;
        }
        FileKind kind = FileKind.of(file);
        if (!kind.equals(FileKind.TINY_AUTOENCODER)) {
            throw unknown(path, kind);
        }
        JsonObject json = new JsonObject();
        json.addProperty("_class_name", "AutoencoderTiny");
        return json;
    }

    private Weights part(Weights file) {
        return prefix.isEmpty() ? file : file.at(prefix);
    }

    @Override
    public ModelSource base() {
        return base;
    }

    @Override
    public boolean has(String part) {
        return part.equals(VAE) || base.has(part);
    }

    @Override
    public String where(String part) {
        return part.equals(VAE) ? path.toString() : base.where(part);
    }

    @Override
    public ModelConfig config(String part) {
        return part.equals(VAE) ? config : base.config(part);
    }

    @Override
    public Weights weights(String part, Arena arena) {
        if (!part.equals(VAE)) {
            return base.weights(part, arena);
        }
        Weights mapped = part(Weights.open(path, arena));
        return mapped.hasPart("decoder.up") ? new LdmVae(mapped, 1, 1).renamed(mapped) : mapped;
    }

    @Override
    public void putInto(SequencedMap<String, String> values, FileHashes hashes) {
        base.putInto(values, hashes);
        put(values, path, hashes);
    }

    /** What the web UI says of a replaced autoencoder. */
    static void put(SequencedMap<String, String> values, Path path, FileHashes hashes) {
        values.put("VAE", path.toAbsolutePath().normalize().getFileName().toString());
        if (hashes.isOn()) {
            values.put("VAE hash", hashes.of(path).substring(0, SHOWN_DIGITS));
        }
    }
}
