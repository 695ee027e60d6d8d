package dev.aquarelle.cli.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Group 01: single operations. Which one is told by a case's inputs and parameters; where there is nothing but x and a result of the same
 * shape, the description begins with the function's name. Weights and tables are constants of the graph, as in a model.
 */
final class OpsGroup implements GoldenGroup {
    private static final Map<String, Activation> ACTIVATIONS = Map.of(
            "silu", Activation.SILU,
            "gelu_erf", Activation.GELU,
            "gelu_tanh", Activation.GELU_TANH,
            "quick_gelu", Activation.QUICK_GELU,
            "relu", Activation.RELU,
            "sigmoid", Activation.SIGMOID,
            "tanh", Activation.TANH);

    @Override
    public String name() {
        return "01_ops";
    }

    @Override
    public void run(GoldenCase golden, Backend backend, Check check) {
        if (golden.outputs().size() != 1) {
            throw new UnsupportedCaseException("an operation with the results " + golden.outputs());
        }
        String output = golden.outputs().iterator().next();
        OneOp op = new OneOp(golden, golden.out(output).shape());
        try (Program program = backend.compile(op.graph)) {
            Tensor result = program.run(op.inputs.toArray(Tensor[]::new));
            check.close(
                    output,
                    op.isImage ? fromChannelsLast(result, golden.out(output).shape()) : result);
        }
    }

    /** The graph of a case's one operation, and its inputs; images among them are turned to channels last. */
    private static final class OneOp {
        private final GoldenCase golden;
        private final JsonObject params;
        private final Shape result;
        private final List<Tensor> inputs = new ArrayList<>();
        private final Graph graph;
        private boolean isImage;

        OneOp(GoldenCase golden, Shape result) {
            this.golden = golden;
            this.params = golden.params();
            this.result = result;
            this.graph = Graph.of(this::build);
        }

        private Value build(Graph g) {
            if (golden.hasIn("q")) {
                return g.attention(
                        input(g, "q"),
                        input(g, "k"),
                        input(g, "v"),
                        number("heads"),
                        params.get("causal").getAsBoolean());
            }
            if (golden.hasIn("a")) {
                return g.matMul(input(g, "a"), input(g, "b"));
            }
            if (golden.hasIn("ids")) {
                Value tokens = g.embedding(input(g, "ids"), constant(g, "table"));
                int length = golden.in("ids").shape().last();
                return golden.hasIn("pos") ? g.add(tokens, g.slice(constant(g, "pos"), 0, 0, length)) : tokens;
            }
            if (golden.hasIn("t")) {
                boolean flip = params.get("flip_sin_to_cos").getAsBoolean();
                float shift = params.get("downscale_freq_shift").getAsFloat();
                return g.timestepEmbedding(input(g, "t"), number("dim"), flip, shift);
            }
            if (params.has("eps")) {
                return norm(g, params.get("eps").getAsFloat());
            }
            return golden.hasIn("weight") ? product(g) : function(g);
        }

        private Value norm(Graph g, float epsilon) {
            if (params.has("groups")) {
                return g.groupNorm(image(g), constant(g, "weight"), constant(g, "bias"), number("groups"), epsilon);
            }
            return golden.hasIn("weight")
                    ? g.layerNorm(input(g, "x"), constant(g, "weight"), constant(g, "bias"), epsilon)
                    : g.layerNorm(input(g, "x"), epsilon);
        }

        private Value product(Graph g) {
            if (golden.in("weight").shape().rank() == 4) {
                JsonArray sides = params.getAsJsonArray("padding_tblr"); // top, bottom, left, right
                Padding padding = new Padding(
                        sides.get(0).getAsInt(),
                        sides.get(2).getAsInt(),
                        sides.get(1).getAsInt(),
                        sides.get(3).getAsInt());
                Value x = image(g);
                Value bias = golden.hasIn("bias") ? constant(g, "bias") : null;
                return g.conv2d(
                        x,
                        constant(g, "weight"),
                        bias,
                        number("stride"),
                        padding,
                        number("dilation"),
                        number("groups"));
            }
            Value bias = golden.hasIn("bias") ? constant(g, "bias") : null;
            Value projected = g.linear(input(g, "x"), constant(g, "weight"), bias);
            return projected.shape().last() == 2 * (long) result.last() ? g.geGlu(projected) : projected;
        }

        private Value function(Graph g) {
            Shape x = golden.in("x").shape();
            if (params.has("size") || x.rank() == 4 && result.rank() == 4 && result.dim(2) > x.dim(2)) {
                return g.upsampleNearest(image(g), result.dim(2), result.dim(3));
            }
            if (x.rank() == 4 && result.rank() == 4 && result.dim(2) < x.dim(2)) {
                return g.averagePool2(image(g));
            }
            String what = golden.json().get("what").getAsString().split("[; ]", 2)[0];
            if (what.equals("softmax")) {
                return g.softmax(input(g, "x"));
            }
            Activation activation = ACTIVATIONS.get(what);
            if (activation == null) {
                throw new UnsupportedCaseException("the operation " + what);
            }
            return g.activate(input(g, "x"), activation);
        }

        private Value input(Graph g, String name) {
            Tensor tensor = golden.in(name);
            inputs.add(tensor);
            return g.input(name, tensor.dtype(), tensor.shape().dims());
        }

        private Value constant(Graph g, String name) {
            return g.constant(name, golden.in(name));
        }

        /** The input x [N, C, ...], channels last. */
        private Value image(Graph g) {
            isImage = true;
            Tensor x = toChannelsLast(golden.in("x"));
            inputs.add(x);
            return g.input("x", x.shape().dims());
        }

        private int number(String param) {
            return params.get(param).getAsInt();
        }
    }

    /** Of [N, C, ...], whatever follows the channels seen as one image of four axes. */
    private static Tensor toChannelsLast(Tensor x) {
        Shape shape = x.shape();
        if (shape.rank() == 4) {
            return Nchw.toNhwc(x);
        }
        int positions = Math.toIntExact(shape.size() / Math.max(1, (long) shape.dim(0) * shape.dim(1)));
        return Nchw.toNhwc(x.reshape(shape.dim(0), shape.dim(1), positions, 1));
    }

    private static Tensor fromChannelsLast(Tensor result, Shape expected) {
        Tensor nchw = Nchw.fromNhwc(result);
        return nchw.shape().size() == expected.size() && expected.rank() != 4 ? nchw.reshape(expected.dims()) : nchw;
    }
}
