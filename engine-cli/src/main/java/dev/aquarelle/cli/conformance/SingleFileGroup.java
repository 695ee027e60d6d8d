package dev.aquarelle.cli.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.checkpoint.SingleFile;
import dev.aquarelle.sd.clip.ClipTextConfig;
import dev.aquarelle.sd.clip.ClipTextModel;
import dev.aquarelle.sd.unet.UNet2DConditionModel;
import dev.aquarelle.sd.unet.UNetConfig;
import dev.aquarelle.sd.unet.UNetInputs;
import dev.aquarelle.sd.vae.AutoencoderKL;
import dev.aquarelle.sd.vae.VaeConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Group 12: models in one file are those of the golden folder. Their graphs must be the same, operation by operation, and the weights in
 * them equal bit by bit: then so are all results.
 */
final class SingleFileGroup implements GoldenGroup {
    private static final String TEXT_ENCODER = "models/sd15/text_encoder";
    private static final String TOKENS = "embeddings.token_embedding.weight";
    private static final int REFINED_IDS = 6;

    /** What tensors do not tell, and what has no meaning: the depth of transformers in levels that have none, ids of tokens. */
    private static final Set<String> NOT_TOLD = Set.of(
            "sample_size", "transformer_layers_per_block", "bos_token_id", "pad_token_id", "norm_num_groups", "act_fn");

    @Override
    public String name() {
        return "12_single_file";
    }

    @Override
    public void run(GoldenCase golden, Backend backend, Check check) {
        JsonArray files = golden.json().getAsJsonArray("files");
        if (golden.json().has("params") && golden.params().has("configs")) {
            checkModel(golden, golden.file(files.get(0).getAsString()), check);
        } else {
            files.forEach(file -> checkTextEncoder(golden, file.getAsString(), check));
        }
    }

    private static void checkModel(GoldenCase golden, Path file, Check check) {
        JsonObject configs = golden.params().getAsJsonObject("configs");
        SingleFile source = SingleFile.open(file, told(configs));
        for (Map.Entry<String, JsonElement> entry : configs.entrySet()) {
            String part = part(entry.getKey());
            checkConfig(part, source.config(part), entry.getValue().getAsJsonObject(), check);
            Path folder = golden.model("models/" + entry.getKey());
            Weights weights = Weights.open(folder, golden.arena());
            ModelConfig config = ModelConfig.read(folder.resolve("config.json"));
            checkWeights(part, source.weights(part, golden.arena()), weights, check);
            checkGraphs(part, graph(part, source, golden), graph(part, weights, config), check);
        }
        if (golden.params().has("unet_key_map")) {
            Weights original = Weights.open(file, golden.arena());
            Weights unet = source.weights("unet", golden.arena());
            for (Map.Entry<String, JsonElement> entry :
                    golden.params().getAsJsonObject("unet_key_map").entrySet()) {
                String key = entry.getKey();
                check.identical(
                        key, unet.get(key), original.get(entry.getValue().getAsString()));
            }
        }
    }

    private static String part(String model) {
        return model.substring(model.lastIndexOf('/') + 1);
    }

    /** How many heads there are: of models as small as these nobody can know. In Stable Diffusion 1's U-Net it is one number, which is known. */
    private static ModelConfig told(JsonObject configs) {
        JsonObject told = new JsonObject();
        configs.entrySet().forEach(entry -> {
            JsonObject fields = new JsonObject();
            JsonObject config = entry.getValue().getAsJsonObject();
            if (config.has("attention_head_dim")
                    && config.get("attention_head_dim").isJsonArray()) {
                fields.add("attention_head_dim", config.get("attention_head_dim"));
            }
            if (config.has("num_attention_heads")) {
                fields.add("num_attention_heads", config.get("num_attention_heads"));
            }
            told.add(part(entry.getKey()), fields);
        });
        return ModelConfig.parse("the case", told.toString());
    }

    private static void checkConfig(String part, ModelConfig actual, JsonObject expected, Check check) {
        JsonObject found = JsonParser.parseString(actual.toString()).getAsJsonObject();
        for (Map.Entry<String, JsonElement> field : expected.entrySet()) {
            if (!NOT_TOLD.contains(field.getKey())) {
                JsonElement value = found.get(field.getKey());
                check.equal(
                        part + "." + field.getKey(), value == null ? "nothing" : plain(value), plain(field.getValue()));
            }
        }
    }

    /** One value for all levels may be written as a list of equal ones. */
    private static JsonElement plain(JsonElement value) {
        boolean repeats = value.isJsonArray()
                && value.getAsJsonArray().asList().stream().distinct().count() == 1;
        return repeats ? value.getAsJsonArray().get(0) : value;
    }

    private static void checkWeights(String part, Weights actual, Weights expected, Check check) {
        String prefix = expected.hasPart("text_model") ? "" : "text_model.";
        for (String name : expected.names()) {
            boolean unprefixed = part.startsWith("text_encoder") && !name.startsWith("text_projection");
            String here = unprefixed ? prefix + name : name;
            if (!name.endsWith("position_ids")) {
                if (actual.has(here)) {
                    check.identical(part + "." + name, actual.get(here), expected.get(name));
                } else {
                    check.fail(part + "." + name, "a tensor", "none");
                }
            }
        }
    }

    private static Graph graph(String part, ModelSource source, GoldenCase golden) {
        return graph(part, source.weights(part, golden.arena()), source.config(part));
    }

    private static Graph graph(String part, Weights weights, ModelConfig config) {
        return switch (part) {
            case "unet" -> {
                UNetConfig unet = UNetConfig.of(config);
                UNetConfig.TextTime time = unet.textTime();
                int pooled = time == null ? 0 : time.inputDim() - REFINED_IDS * time.timeEmbedDim();
                yield UNet2DConditionModel.load(weights, unet).graph(new UNetInputs.Sizes(1, 8, 8, 77, pooled));
            }
            case "vae" -> {
                AutoencoderKL vae = AutoencoderKL.load(weights, VaeConfig.of(config));
                yield Graph.build(g -> {
                    Value latents = g.input("latents", 1, 2, 2, vae.config().latentChannels());
                    g.output("picture", vae.decode(g, vae.unscale(g, latents)));
                    g.output(
                            "moments",
                            vae.encode(
                                    g, g.input("image", 1, 16, 16, vae.config().inChannels())));
                });
            }
            default -> {
                ClipTextModel text = ClipTextModel.load(weights, ClipTextConfig.of(config));
                yield graph(text);
            }
        };
    }

    private static Graph graph(ClipTextModel text) {
        return Graph.build(g -> {
            Value ids = g.input("ids", DType.I32, 1, text.config().maxPositionEmbeddings());
            Value last = text.promptEmbeds(g, ids, 0);
            g.output("last", last);
            g.output("pooled", text.pooled(g, last, g.input("positions", DType.I32, 1)));
        });
    }

    private static void checkGraphs(String part, Graph actual, Graph expected, Check check) {
        check.equal(part + " operations", operations(actual), operations(expected));
        List<Tensor> found = constants(actual);
        List<Tensor> wanted = constants(expected);
        for (int i = 0; i < Math.min(found.size(), wanted.size()); i++) {
            check.identical("%s constant %d".formatted(part, i), found.get(i), wanted.get(i));
        }
    }

    private static List<String> operations(Graph graph) {
        return graph.values().stream()
                .map(value -> value.op() instanceof SourceOp.Constant
                        ? "constant " + value.shape()
                        : value.op() + " " + value.shape())
                .toList();
    }

    private static List<Tensor> constants(Graph graph) {
        return graph.values().stream()
                .flatMap(value -> value.op() instanceof SourceOp.Constant constant
                        ? Stream.of(constant.tensor())
                        : Stream.empty())
                .toList();
    }

    /** The file holds the text encoder in another type or under other names, perhaps without its largest tensor. */
    private static void checkTextEncoder(GoldenCase golden, String file, Check check) {
        Path folder = golden.model(TEXT_ENCODER);
        ClipTextConfig config = ClipTextConfig.of(ModelConfig.read(folder.resolve("config.json")));
        Weights model = Weights.open(folder, golden.arena());
        Weights variant = Weights.open(golden.file(file), golden.arena());
        if (!variant.has(named(variant, TOKENS))) {
            variant = variant.with(folder.toString(), Map.of(named(variant, TOKENS), model.get(named(model, TOKENS))));
        }
        List<Tensor> actual = constants(graph(ClipTextModel.load(variant, config)));
        List<Tensor> expected = constants(graph(ClipTextModel.load(model, config)));
        check.equal(file + ": tensors", actual.size(), expected.size());
        for (int i = 0; i < Math.min(actual.size(), expected.size()); i++) {
            boolean rounded = actual.get(i).dtype() == DType.BF16;
            check.close(
                    "%s: tensor %d".formatted(file, i),
                    actual.get(i),
                    rounded ? roundedToBf16(expected.get(i)) : expected.get(i),
                    Tolerance.EXACT);
        }
    }

    private static String named(Weights weights, String name) {
        return weights.hasPart("text_model") ? "text_model." + name : name;
    }

    /** To nearest, ties to even; none of a model's weights is near infinity. */
    private static Tensor roundedToBf16(Tensor tensor) {
        float[] values = tensor.toFloatArray();
        for (int i = 0; i < values.length; i++) {
            int bits = Float.floatToRawIntBits(values[i]);
            values[i] = Float.intBitsToFloat(bits + 0x7FFF + (bits >>> 16 & 1) & 0xFFFF_0000);
        }
        return Tensor.of(values, tensor.shape().dims());
    }
}
