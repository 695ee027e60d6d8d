package dev.aquarelle.cli.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.sd.checkpoint.LdmFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Group 12 on checkpoints that are made here, of the small models in {@code src/test/golden}: those of the full set are too large to keep. A
 * wrong tensor must be found.
 */
class SingleFileGroupTest {
    private static final Path MODELS = Path.of("src/test/golden/models");

    @TempDir
    Path root;

    private final Arena arena = Arena.ofConfined();
    private final JsonObject cases = new JsonObject();

    @BeforeEach
    void copyModels() throws IOException {
        copy("inpaint9/unet", "tiny/unet");
        copy("sd15/text_encoder", "tiny/text_encoder");
        copy("sd15/text_encoder", "sd15/text_encoder");
        copy("sdxl/text_encoder_2", "tiny/text_encoder_2");
        copy("sdxl/vae", "tiny/vae");
        Path vae = root.resolve("models/tiny/vae/config.json");
        Files.writeString(vae, Files.readString(vae).replace("0.13025", "0.18215")); // as of Stable Diffusion 1
        Files.createDirectories(root.resolve("12_single_file"));
    }

    @AfterEach
    void unmap() {
        arena.close();
    }

    private void copy(String from, String to) throws IOException {
        Path folder = Files.createDirectories(root.resolve("models").resolve(to));
        try (Stream<Path> files = Files.list(MODELS.resolve(from))) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
    }

    private Weights weights(String part) {
        return Weights.open(MODELS.resolve(part), arena);
    }

    private LdmFile checkpoint() {
        return new LdmFile()
                .put("model_ema.decay", Tensor.of(new float[1], 1))
                .put("betas", Tensor.of(new float[3], 3))
                .unet(weights("inpaint9/unet"), 1)
                .vae(weights("sdxl/vae"), 4)
                .clip(weights("sd15/text_encoder"), "cond_stage_model.transformer.");
    }

    private JsonObject config(String part) throws IOException {
        JsonObject all = JsonParser.parseString(
                        Files.readString(root.resolve("models").resolve(part).resolve("config.json")))
                .getAsJsonObject();
        JsonObject some = new JsonObject();
        for (String field : List.of(
                "in_channels",
                "out_channels",
                "block_out_channels",
                "layers_per_block",
                "cross_attention_dim",
                "attention_head_dim",
                "down_block_types",
                "up_block_types",
                "latent_channels",
                "scaling_factor",
                "vocab_size",
                "hidden_size",
                "intermediate_size",
                "num_hidden_layers",
                "num_attention_heads",
                "hidden_act",
                "max_position_embeddings",
                "eos_token_id",
                "projection_dim")) {
            if (all.has(field) && !all.get(field).isJsonNull()) {
                some.add(field, all.get(field));
            }
        }
        return some;
    }

    private CaseResult run(LdmFile tensors, String... parts) throws IOException {
        tensors.write(root.resolve("12_single_file/model.safetensors"));
        JsonObject configs = new JsonObject();
        for (String part : parts) {
            configs.add(part, config(part));
        }
        JsonObject params = new JsonObject();
        params.add("configs", configs);
        if (configs.has("tiny/unet")) {
            JsonObject keys = new JsonObject();
            keys.addProperty(
                    "up_blocks.1.resnets.1.conv_shortcut.weight",
                    "model.diffusion_model.output_blocks.3.0.skip_connection.weight");
            params.add("unet_key_map", keys);
        }
        return run(params, "model.safetensors");
    }

    private CaseResult run(JsonObject params, String... files) throws IOException {
        JsonObject json = new JsonObject();
        json.add("params", params);
        JsonArray list = new JsonArray();
        List.of(files).forEach(list::add);
        json.add("files", list);
        Files.writeString(root.resolve("12_single_file/info.json"), json.toString());
        JsonObject entry = new JsonObject();
        entry.addProperty("group", "12_single_file");
        JsonArray paths = new JsonArray();
        paths.add("12_single_file/info.json");
        List.of(files).forEach(file -> paths.add("12_single_file/" + file));
        entry.add("files", paths);
        cases.add("12_single_file/info", entry);
        writeManifest();
        try (Backend backend = Backends.open("reference", BackendOptions.DEFAULT)) {
            return new ConformanceRunner(root, backend).run("12_single_file/info");
        }
    }

    private void writeManifest() throws IOException {
        JsonObject contents = new JsonObject();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                byte[] bytes = Files.readAllBytes(file);
                JsonObject content = new JsonObject();
                content.addProperty("size", bytes.length);
                content.addProperty("sha256", sha256(bytes));
                contents.add(root.relativize(file).toString().replace('\\', '/'), content);
            }
        }
        JsonObject manifest = new JsonObject();
        manifest.add("cases", cases);
        manifest.add("files", contents);
        Files.writeString(root.resolve("MANIFEST.json"), manifest.toString());
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aCheckpointIsTheModelItWasMadeOf() throws IOException {
        CaseResult result = run(checkpoint(), "tiny/unet", "tiny/text_encoder", "tiny/vae");

        assertThat(result.failures()).isEmpty();
        assertThat(result.outcome()).as(result.line()).isEqualTo(CaseResult.Outcome.PASSED);
    }

    @Test
    void aSecondTextEncoderHasOpenClipsNames() throws IOException {
        LdmFile tensors = checkpoint()
                .put("model.diffusion_model.label_emb.0.0.weight", Tensor.of(new float[96], 1, 96))
                .openClip(weights("sdxl/text_encoder_2"), "conditioner.embedders.1.model.");
        CaseResult result = run(tensors, "tiny/text_encoder_2");

        assertThat(result.failures()).isEmpty();
        assertThat(result.outcome()).as(result.line()).isEqualTo(CaseResult.Outcome.PASSED);
    }

    @Test
    void aWrongTensorIsFound() throws IOException {
        LdmFile tensors = checkpoint();
        String key = "model.diffusion_model.middle_block.2.out_layers.0.";
        Tensor weight = tensors.tensors().get(key + "weight");
        tensors.put(key + "weight", tensors.tensors().get(key + "bias")).put(key + "bias", weight);

        CaseResult result = run(tensors, "tiny/unet");

        assertThat(result.failures().toString())
                .contains("unet.mid_block.resnets.1.norm2.weight", "unet.mid_block.resnets.1.norm2.bias");
    }

    @Test
    void variantsOfATextEncoderAreTheSame() throws IOException {
        Weights model = weights("sd15/text_encoder");
        SafetensorsWriter wide = new SafetensorsWriter();
        SafetensorsWriter unprefixed = new SafetensorsWriter();
        for (String name : model.names()) {
            String bare = name.replaceFirst("^text_model\\.", "");
            unprefixed.add(bare, model.get(name));
            if (!name.contains("token_embedding")) {
                Tensor tensor = model.get(name);
                wide.add(
                        "text_model." + bare,
                        Tensor.of(tensor.toFloatArray(), tensor.shape().dims()));
            }
        }
        wide.write(root.resolve("12_single_file/wide.safetensors"));
        unprefixed.write(root.resolve("12_single_file/unprefixed.safetensors"));

        CaseResult result = run(new JsonObject(), "wide.safetensors", "unprefixed.safetensors");

        assertThat(result.failures()).isEmpty();
        assertThat(result.outcome()).as(result.line()).isEqualTo(CaseResult.Outcome.PASSED);
    }
}
