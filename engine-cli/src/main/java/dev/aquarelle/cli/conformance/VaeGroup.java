package dev.aquarelle.cli.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Op;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.vae.Autoencoder;
import dev.aquarelle.sd.vae.AutoencoderKL;
import dev.aquarelle.sd.vae.AutoencoderTiny;
import dev.aquarelle.sd.vae.DiagonalGaussian;
import dev.aquarelle.sd.vae.Tiling;
import dev.aquarelle.sd.vae.VaeConfig;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Group 07: an autoencoder decodes ({@code in.latents}) or encodes ({@code in.image}), or is read under other tensor names. */
final class VaeGroup implements GoldenGroup {

    @Override
    public String name() {
        return "07_vae";
    }

    @Override
    public void run(GoldenCase golden, Backend backend, Check check) {
        Path folder = golden.model(golden.params().get("model").getAsString());
        Autoencoder vae = Autoencoder.load(folder, golden.arena());
        if (golden.hasIn("latents")) {
            decode(golden, vae, backend, check);
        } else if (golden.hasIn("image")) {
            encode(golden, vae, backend, check);
        } else {
            for (JsonElement file : golden.json().getAsJsonArray("files")) {
                switch (vae) {
                    case AutoencoderKL _ -> sameUnderOtherNames(golden, folder, file.getAsString(), check);
                    case AutoencoderTiny tiny -> sameInTheOriginalLayout(golden, tiny, file.getAsString(), check);
                }
            }
        }
    }

    private static void decode(GoldenCase golden, Autoencoder vae, Backend backend, Check check) {
        Tensor latents = Nchw.toNhwc(golden.in("latents"));
        Tiling tiling = tiling(golden.params());
        Consumer<Graph> model = g -> {
            Value x = g.input("latents", latents.shape().dims());
            g.output("image", tiling == null ? vae.decode(g, x) : tiling.decode(g, vae, x));
        };
        try (Program program = backend.compile(Graph.build(model))) {
            check.closeNhwc("image", program.run(latents));
        }
        Intermediates.explain(golden, model, backend, check, List.of(latents));
    }

    private static void encode(GoldenCase golden, Autoencoder vae, Backend backend, Check check) {
        Tensor image = Nchw.toNhwc(golden.in("image"));
        Tiling tiling = tiling(golden.params());
        Consumer<Graph> model = g -> {
            Value x = g.input("image", image.shape().dims());
            g.output("encoded", tiling == null ? vae.encode(g, x) : tiling.encode(g, vae, x));
        };
        try (Program program = backend.compile(Graph.build(model))) {
            Tensor encoded = program.run(image);
            switch (vae) {
                case AutoencoderKL _ -> compareMoments(golden, DiagonalGaussian.of(encoded), check);
                case AutoencoderTiny _ -> check.closeNhwc("latents", encoded);
            }
        }
        Intermediates.explain(golden, model, backend, check, List.of(image));
    }

    private static void compareMoments(GoldenCase golden, DiagonalGaussian gaussian, Check check) {
        check.closeNhwc("mean", gaussian.mean());
        check.closeNhwc("logvar", gaussian.logvar());
        if (golden.outputs().contains("std")) {
            check.closeNhwc("std", gaussian.std());
        }
    }

    private static @Nullable Tiling tiling(JsonObject params) {
        return params.has("tile_latent_min_size")
                ? new Tiling(
                        params.get("tile_sample_min_size").getAsInt(),
                        params.get("tile_latent_min_size").getAsInt(),
                        params.get("tile_overlap_factor").getAsDouble())
                : null;
    }

    /** The file holds some of the model's tensors under other names: in their place, they must make the same model. */
    private static void sameUnderOtherNames(GoldenCase golden, Path folder, String file, Check check) {
        VaeConfig config = VaeConfig.read(folder.resolve("config.json"));
        Weights today = Weights.open(folder, golden.arena());
        Weights other = Weights.open(golden.file(file), golden.arena());
        Map<String, Tensor> mixed = new LinkedHashMap<>();
        for (String name : today.names()) {
            if (other.names().stream().noneMatch(n -> part(part(n)).equals(attention(name)))) {
                mixed.put(name, today.get(name));
            }
        }
        other.names().forEach(name -> mixed.put(name, other.get(name)));
        List<Tensor> expected = constants(AutoencoderKL.load(today, config));
        List<Tensor> actual = constants(AutoencoderKL.load(Weights.of(file, mixed), config));
        same(actual, expected, check);
    }

    /** The file holds the decoder as it was published, without a configuration. */
    private static void sameInTheOriginalLayout(GoldenCase golden, AutoencoderTiny vae, String file, Check check) {
        AutoencoderTiny original = AutoencoderTiny.load(golden.file(file), golden.arena());
        Graph expected = vae.decoderGraph(1, 1, 1);
        Graph actual = original.decoderGraph(1, 1, 1);
        same(constants(actual), constants(expected), check);
        check.equal("operations", operations(actual), operations(expected));
    }

    private static void same(List<Tensor> actual, List<Tensor> expected, Check check) {
        check.equal("number of tensors", actual.size(), expected.size());
        for (int i = 0; i < Math.min(actual.size(), expected.size()); i++) {
            check.identical("tensor " + i, actual.get(i), expected.get(i));
        }
    }

    private static List<Op> operations(Graph graph) {
        return graph.values().stream()
                .map(Value::op)
                .filter(op -> !(op instanceof SourceOp))
                .toList();
    }

    private static String part(String name) {
        return name.substring(0, Math.max(0, name.lastIndexOf('.')));
    }

    /** The attention block a tensor is in, whatever its projections are called; nothing for other tensors. */
    private static String attention(String name) {
        int at = name.indexOf(".attentions.0.");
        return at < 0 ? "none" : name.substring(0, at + ".attentions.0".length());
    }

    private static List<Tensor> constants(AutoencoderKL vae) {
        int scale = vae.config().scale();
        return Stream.of(vae.decoderGraph(1, 1, 1), vae.encoderGraph(1, scale, scale))
                .flatMap(graph -> constants(graph).stream())
                .toList();
    }

    private static List<Tensor> constants(Graph graph) {
        return graph.values().stream()
                .filter(value -> value.op() instanceof SourceOp.Constant)
                .map(value -> ((SourceOp.Constant) value.op()).tensor())
                .toList();
    }
}
