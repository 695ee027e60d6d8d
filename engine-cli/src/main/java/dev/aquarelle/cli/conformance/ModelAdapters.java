package dev.aquarelle.cli.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.clip.ClipTextModel;
import dev.aquarelle.sd.inversion.Embeddings;
import dev.aquarelle.sd.inversion.TextualInversion;
import dev.aquarelle.sd.lora.LoraFile;
import dev.aquarelle.sd.lora.LoraWeight;
import dev.aquarelle.sd.lora.Loras;
import dev.aquarelle.sd.nn.LowRank;
import dev.aquarelle.sd.prompt.PromptEncoder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** What a pipeline case lays over its model before it is called: a LoRA, or a new word. */
final class ModelAdapters {
    private static final String MERGED = "merged.";

    /** As the policy has it for single operations: about four units of the largest value's last place. */
    private static final Tolerance ROUNDING = new Tolerance(0, 0, 4 * 0x1p-23, Double.POSITIVE_INFINITY);

    private ModelAdapters() {}

    /**
     * @throws UnsupportedCaseException if the LoRA's file is not there, because the case's own results bear its name
     */
    static ModelSource adapt(GoldenCase golden, ModelSource model) {
        JsonObject params = golden.params();
        if (params.has("lora")) {
            return withLora(golden, model);
        }
        return params.has("token") ? withWord(golden, model, files(golden).getFirst()) : model;
    }

    private static ModelSource withWord(GoldenCase golden, ModelSource model, String file) {
        String token = golden.params().get("token").getAsString();
        return Embeddings.over(model, List.of(TextualInversion.read(golden.file(file), token, golden.arena())));
    }

    private static List<String> files(GoldenCase golden) {
        return golden.json().getAsJsonArray("files").asList().stream()
                .map(JsonElement::getAsString)
                .toList();
    }

    private static ModelSource withLora(GoldenCase golden, ModelSource model) {
        String name = golden.params().get("lora").getAsString();
        if (name.equals(golden.json().get("data").getAsString())) {
            throw new UnsupportedCaseException("a LoRA whose file was overwritten by the case's results");
        }
        LoraFile file = LoraFile.read(golden.file(name), golden.arena());
        double scale = golden.params().get("scale").getAsDouble();
        return new Loras(List.of(new Loras.Entry(file, LoraWeight.of(scale)))).adapt(model);
    }

    /** Compares the ids of a prompt with a new word, and that all files of the word give one table. */
    static void checkWord(GoldenCase golden, ModelSource model, Check check) {
        if (!golden.params().has("token")) {
            return;
        }
        String prompt = golden.params().get("prompt").getAsString();
        Tensor ids = golden.in("input_ids");
        Tensor table = null;
        for (String file : files(golden)) {
            ModelSource adapted = withWord(golden, model, file);
            PromptEncoder encoder = new PromptEncoder(
                    adapted.tokenizer("tokenizer"), ids.shape().last());
            check.equal(
                    "input_ids by " + file,
                    Arrays.toString(encoder.encode(prompt).toArray()),
                    Arrays.toString(ids.toIntArray()));
            Weights weights = adapted.weights("text_encoder", golden.arena());
            Tensor other = weights.get(ClipTextModel.tokenTable(weights));
            if (table != null) {
                check.identical("the table by " + file, other, table);
            }
            table = other;
        }
    }

    /** Of a case that is a file of SDXL's alone: each text encoder must get its vectors behind its own, and each tokenizer the ids of them. */
    static void checkSdxlWord(GoldenCase golden, ModelSource model, Check check) {
        Path file = golden.file(files(golden).getFirst());
        TextualInversion word = TextualInversion.read(file, golden.arena());
        ModelSource adapted = Embeddings.over(model, List.of(word));
        Weights expected = Weights.open(file, golden.arena());
        Map.of("clip_l", "", "clip_g", "_2").forEach((name, suffix) -> {
            Tensor vectors = expected.get(name);
            int first = model.tokenizer("tokenizer" + suffix).size();
            int[] ids = adapted.tokenizer("tokenizer" + suffix).tokenize(word.token());
            check.equal(
                    "ids for " + name,
                    Arrays.toString(ids),
                    Arrays.toString(
                            IntStream.range(first, first + vectors.shape().dim(0))
                                    .toArray()));
            Weights weights = adapted.weights("text_encoder" + suffix, golden.arena());
            Tensor table = weights.get(ClipTextModel.tokenTable(weights));
            check.close(name, table.slice(first, first + vectors.shape().dim(0)), vectors, Tolerance.EXACT);
        });
    }

    /** Compares each weight that a case gives as changed by its LoRA, {@code merged.PART.LAYER.weight}, with weight and side branch together. */
    static void check(GoldenCase golden, ModelSource adapted, Check check) {
        for (String output : golden.outputs()) {
            if (output.startsWith(MERGED)) {
                String[] partAndName = output.substring(MERGED.length()).split("\\.", 2);
                Weights part = adapted.weights(partAndName[0], golden.arena());
                Weights named = part.has(partAndName[1]) ? part : part.at("text_model");
                String layer = partAndName[1].substring(0, partAndName[1].lastIndexOf('.'));
                check.close(output, whole(named.at(layer)), ROUNDING);
            }
        }
    }

    private static Tensor whole(Weights layer) {
        Tensor weight = layer.get("weight");
        float[] sum = weight.toFloatArray();
        if (layer.has(LowRank.DOWN)) {
            Tensor down = layer.get(LowRank.DOWN);
            Tensor up = layer.get(LowRank.UP);
            int columns = down.shape().last();
            for (int i = 0; i < sum.length; i++) {
                double more = 0;
                for (int k = 0; k < up.shape().last(); k++) {
                    more += (double) up.getFloat((long) i / columns * up.shape().last() + k)
                            * down.getFloat((long) k * columns + i % columns);
                }
                sum[i] += (float) more;
            }
        }
        return Tensor.of(sum, weight.shape().dims());
    }
}
