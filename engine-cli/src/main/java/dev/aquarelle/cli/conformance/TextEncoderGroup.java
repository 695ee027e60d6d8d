package dev.aquarelle.cli.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.clip.ClipTextConfig;
import dev.aquarelle.sd.clip.ClipTextModel;
import dev.aquarelle.sd.prompt.ClipTokenizer;
import dev.aquarelle.sd.prompt.Emphasis;
import dev.aquarelle.sd.prompt.PromptChunk;
import dev.aquarelle.sd.prompt.PromptEncoder;
import dev.aquarelle.sd.prompt.WeightedText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Group 05: text encoders. The names of a case's outputs say what is compared; its {@code prompts} or {@code parsed} prompt must give the
 * ids it has as input.
 */
final class TextEncoderGroup implements GoldenGroup {
    private static final Pattern HIDDEN = Pattern.compile("hidden_states_(-?\\d{1,4})");
    private static final Pattern CLIP_SKIP = Pattern.compile("clip_skip(\\d{1,4})_final_ln");
    private static final Map<String, Emphasis> EMPHASIS =
            Map.of("cond_mean_restored", Emphasis.ORIGINAL, "cond_no_norm", Emphasis.NO_NORM);

    @Override
    public String name() {
        return "05_text_encoder";
    }

    @Override
    public void run(GoldenCase golden, Backend backend, Check check) {
        String path = golden.params().get("model").getAsString();
        Path folder = golden.model(path);
        ClipTextConfig config = ClipTextConfig.of(ModelConfig.read(folder.resolve("config.json")));
        ClipTextModel model = ClipTextModel.load(Weights.open(folder, golden.arena()), config);
        checkIds(golden, path, check);
        encode(golden, model, backend, check);
    }

    /** Computes every output of a case from its {@code input_ids}. */
    static void encode(GoldenCase golden, ClipTextModel model, Backend backend, Check check) {
        Tensor ids = golden.in("input_ids");
        Graph graph = Graph.build(g -> build(g, model, ids.shape(), golden.outputs()));
        try (Program program = backend.compile(graph)) {
            if (graph.inputs().size() == 1) {
                program.run(ids);
            } else {
                program.run(ids, pooledPositions(model.config(), ids));
            }
            for (String output : golden.outputs()) {
                Emphasis emphasis = EMPHASIS.get(output);
                Tensor actual = emphasis == null ? program.output(output) : weighted(golden, emphasis, program);
                check.close(
                        output, firstSamples(actual, golden.out(output).shape().dim(0)));
            }
        }
    }

    /** Of large outputs a case may keep the first samples only. */
    private static Tensor firstSamples(Tensor actual, int kept) {
        return kept < actual.shape().dim(0) ? actual.slice(0, kept) : actual;
    }

    private static void build(Graph g, ClipTextModel model, Shape shape, Iterable<String> outputs) {
        Value ids = g.input("ids", DType.I32, shape.dims());
        List<Value> states = model.hiddenStates(g, ids);
        Value last = model.normalized(g, states.getLast());
        for (String output : outputs) {
            Matcher hidden = HIDDEN.matcher(output);
            Matcher clipSkip = CLIP_SKIP.matcher(output);
            if (hidden.matches()) {
                int k = Integer.parseInt(hidden.group(1));
                g.output(output, states.get(k < 0 ? states.size() + k : k));
            } else if (clipSkip.matches()) {
                g.output(output, model.promptEmbeds(g, ids, Integer.parseInt(clipSkip.group(1))));
            } else if (output.equals("last_hidden_state")) {
                g.output(output, last);
            } else if (output.equals("pooler_output") || output.equals("pooled_projected")) {
                Value positions = positions(g, shape.dim(0));
                g.output(
                        output,
                        output.equals("pooler_output")
                                ? g.selectRows(last, positions)
                                : model.pooled(g, last, positions));
            } else if (EMPHASIS.containsKey(output)) {
                if (!g.outputs().containsKey("chunks")) {
                    g.output("chunks", last);
                }
            } else {
                throw new UnsupportedCaseException("a text encoder's output " + output);
            }
        }
    }

    private static Value positions(Graph g, int prompts) {
        return g.inputs().size() == 2 ? g.inputs().get(1) : g.input("positions", DType.I32, prompts);
    }

    private static Tensor pooledPositions(ClipTextConfig config, Tensor ids) {
        int prompts = ids.shape().dim(0);
        int[] positions = new int[prompts];
        for (int i = 0; i < prompts; i++) {
            positions[i] = config.pooledPosition(ids.slice(i, i + 1).toIntArray());
        }
        return Tensor.of(positions, prompts);
    }

    /** Each chunk weighted alone, then one after the other along the tokens. */
    private static Tensor weighted(GoldenCase golden, Emphasis emphasis, Program program) {
        Tensor chunks = program.output("chunks");
        int length = chunks.shape().dim(1);
        int width = chunks.shape().last();
        Tensor all =
                Tensor.allocate(golden.arena(), DType.F32, 1, chunks.shape().dim(0) * length, width);
        for (int i = 0; i < chunks.shape().dim(0); i++) {
            float[] weights = golden.in("weights").slice(i, i + 1).toFloatArray();
            Tensor chunk = emphasis.apply(chunks.slice(i, i + 1).reshape(length, width), weights);
            all.data()
                    .asSlice(i * chunk.data().byteSize(), chunk.data().byteSize())
                    .copyFrom(chunk.data());
        }
        return all;
    }

    private static void checkIds(GoldenCase golden, String model, Check check) {
        JsonObject params = golden.params();
        if (!params.has("prompts") && !params.has("parsed")) {
            return;
        }
        Tensor expected = golden.in("input_ids");
        int length = expected.shape().dim(1);
        // as in a model's folder: text_encoder beside tokenizer, text_encoder_2 beside tokenizer_2
        String tokenizerFolder = model.replaceFirst("text_encoder([^/]*)$", "tokenizer$1");
        ClipTokenizer tokenizer = ClipTokenizer.load(golden.model(tokenizerFolder));
        List<int[]> found = new ArrayList<>();
        if (params.has("prompts")) {
            PromptEncoder encoder = new PromptEncoder(tokenizer, length);
            for (JsonElement prompt : params.getAsJsonArray("prompts")) {
                found.add(encoder.encode(prompt.getAsString()).toArray());
            }
        } else {
            List<PromptChunk> chunks = PromptChunk.of(tokenizer, parsed(params), length);
            chunks.forEach(chunk -> found.add(chunk.ids()));
            check.equal(
                    "weights",
                    chunks.stream().map(c -> Arrays.toString(c.weights())).toList(),
                    rows(golden.in("weights")).stream()
                            .map(row -> Arrays.toString(row.toFloatArray()))
                            .toList());
        }
        check.equal(
                "input_ids",
                found.stream().map(Arrays::toString).toList(),
                rows(expected).stream()
                        .map(row -> Arrays.toString(row.toIntArray()))
                        .toList());
    }

    private static List<WeightedText> parsed(JsonObject params) {
        List<WeightedText> parts = new ArrayList<>();
        for (JsonElement element : params.getAsJsonArray("parsed")) {
            JsonArray part = element.getAsJsonArray();
            parts.add(new WeightedText(part.get(0).getAsString(), part.get(1).getAsDouble()));
        }
        return parts;
    }

    private static List<Tensor> rows(Tensor tensor) {
        List<Tensor> rows = new ArrayList<>();
        for (int i = 0; i < tensor.shape().dim(0); i++) {
            rows.add(tensor.slice(i, i + 1));
        }
        return rows;
    }
}
