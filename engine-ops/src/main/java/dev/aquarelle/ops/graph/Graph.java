package dev.aquarelle.ops.graph;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A model as a list of operations in the order they are computed. Models add operations through the methods below; each checks its
 * operands at once, for all backends together. Then a {@link dev.aquarelle.ops.Backend} compiles it.
 *
 * <p>Declare first the input that changes with every run (the latents): what does not depend on it may be kept from one run to the next.
 */
public final class Graph {
    private final List<Value> values = new ArrayList<>();
    private final List<Value> inputs = new ArrayList<>();
    private final Map<SourceOp.Constant, Value> constants = new HashMap<>();
    private final Map<String, Value> outputs = new LinkedHashMap<>();
    private String scope = "";

    private Graph() {}

    /** A graph with one output, the value that {@code body} returns, named {@code out}. */
    public static Graph of(Function<Graph, Value> body) {
        Graph graph = new Graph();
        graph.output("out", body.apply(graph));
        return graph;
    }

    /** A graph whose {@code body} names its outputs by {@link #output}. */
    public static Graph build(Consumer<Graph> body) {
        Graph graph = new Graph();
        body.accept(graph);
        if (graph.outputs.isEmpty()) {
            throw new TensorException("the graph has no outputs");
        }
        return graph;
    }

    /** All values, operands before results. */
    public List<Value> values() {
        return Collections.unmodifiableList(values);
    }

    /** The inputs in the order they were declared, which is the order of a program's arguments. */
    public List<Value> inputs() {
        return Collections.unmodifiableList(inputs);
    }

    /**
     * Compares what a program is given with what is declared.
     *
     * @throws TensorException if it is of another number, type or shape; the message names the input
     */
    public void requireInputs(Tensor... given) {
        if (given.length != inputs.size()) {
            throw new TensorException("expected %d inputs %s, found %d"
                    .formatted(
                            inputs.size(), inputs.stream().map(Graph::inputName).toList(), given.length));
        }
        for (int i = 0; i < given.length; i++) { // without garbage, as every run calls it
            Value input = inputs.get(i);
            if (given[i].dtype() != input.dtype() || !given[i].shape().equals(input.shape())) {
                throw new TensorException("input %s: expected %s %s, found %s"
                        .formatted(inputName(input), input.dtype(), input.shape(), given[i]));
            }
        }
    }

    private static String inputName(Value input) {
        return ((SourceOp.Input) input.op()).name();
    }

    /** The outputs by name, in the order they were declared. */
    public Map<String, Value> outputs() {
        return Collections.unmodifiableMap(outputs);
    }

    /** The graph as text, a line for each value. */
    @Override
    public String toString() {
        return values.stream().map(Value::toString).collect(Collectors.joining("\n"));
    }

    /** A part of a model, left by {@link #close}: {@code try (var _ = g.scope("resnets.0")) { ... }}. */
    public interface Scope extends AutoCloseable {
        @Override
        void close();
    }

    /** Enters the named part of the model, within the current one; names are the checkpoint's. */
    public Scope scope(String name) {
        String outer = scope;
        scope = outer.isEmpty() ? name : outer + "." + name;
        return () -> scope = outer;
    }

    /** Declares an output; a name once only. */
    public void output(String name, Value value) {
        if (outputs.putIfAbsent(name, own(value)) != null) {
            throw new TensorException("the graph already has an output " + name);
        }
    }

    /** An F32 input. */
    public Value input(String name, int... dims) {
        return input(name, DType.F32, dims);
    }

    /** An input: F32, or I32 for indices; a name once only. */
    public Value input(String name, DType dtype, int... dims) {
        if (dtype != DType.F32 && dtype != DType.I32) {
            throw new TensorException("input %s: expected F32 or I32, found %s".formatted(name, dtype));
        }
        if (inputs.stream()
                .anyMatch(v ->
                        v.op() instanceof SourceOp.Input other && other.name().equals(name))) {
            throw new TensorException("the graph already has an input " + name);
        }
        Shape shape = Shape.of(dims);
        Value value = append(new SourceOp.Input(name, shape), List.of(), shape, dtype);
        inputs.add(value);
        return value;
    }

    /**
     * A tensor known now, a weight mostly; the tensor's memory must outlive every program compiled from the graph. The same name and tensor
     * again give the same value: a model that is called several times in a graph has its weights once.
     */
    public Value constant(String name, Tensor tensor) {
        return constants.computeIfAbsent(
                new SourceOp.Constant(name, tensor), op -> append(op, List.of(), tensor.shape(), tensor.dtype()));
    }

    /** See {@link LayoutOp.Reshape}. */
    public Value reshape(Value x, int... dims) {
        return add(new LayoutOp.Reshape(Shape.of(dims)), x);
    }

    /** See {@link ProductOp.Conv2d}. */
    public Value conv2d(
            Value x, Value weight, @Nullable Value bias, int stride, Padding padding, int dilation, int groups) {
        return addWithBias(new ProductOp.Conv2d(stride, padding, dilation, groups), x, weight, bias);
    }

    /** See {@link ProductOp.Linear}. */
    public Value linear(Value x, Value weight, @Nullable Value bias) {
        return addWithBias(new ProductOp.Linear(), x, weight, bias);
    }

    /** See {@link ProductOp.MatMul}. */
    public Value matMul(Value a, Value b) {
        return add(new ProductOp.MatMul(), a, b);
    }

    /** See {@link NormOp.GroupNorm}. */
    public Value groupNorm(Value x, Value weight, Value bias, int groups, float epsilon) {
        return add(new NormOp.GroupNorm(groups, epsilon), x, weight, bias);
    }

    /** See {@link NormOp.LayerNorm}. */
    public Value layerNorm(Value x, Value weight, Value bias, float epsilon) {
        return add(new NormOp.LayerNorm(epsilon), x, weight, bias);
    }

    /** See {@link NormOp.LayerNorm}, without weight and bias. */
    public Value layerNorm(Value x, float epsilon) {
        return add(new NormOp.LayerNorm(epsilon), x);
    }

    /** See {@link ProductOp.Attention}, with the usual scale {@code 1 / sqrt(D)}. */
    public Value attention(Value q, Value k, Value v, int heads, boolean causal) {
        float scale = (float) (1 / Math.sqrt((double) q.shape().last() / heads));
        return add(new ProductOp.Attention(heads, scale, causal), q, k, v);
    }

    /** See {@link MapOp.Activate}. */
    public Value activate(Value x, Activation function) {
        return add(new MapOp.Activate(function), x);
    }

    /** {@link Activation#SILU} of each element. */
    public Value silu(Value x) {
        return activate(x, Activation.SILU);
    }

    /** See {@link MapOp.GeGlu}. */
    public Value geGlu(Value x) {
        return add(new MapOp.GeGlu(), x);
    }

    /** See {@link NormOp.Softmax}. */
    public Value softmax(Value x) {
        return add(new NormOp.Softmax(), x);
    }

    /** See {@link MapOp.Add}. */
    public Value add(Value a, Value b) {
        return add(new MapOp.Add(), a, b);
    }

    /** See {@link MapOp.Multiply}. */
    public Value multiply(Value a, Value b) {
        return add(new MapOp.Multiply(), a, b);
    }

    /** See {@link MapOp.AddPerChannel}. */
    public Value addPerChannel(Value x, Value vectors) {
        return add(new MapOp.AddPerChannel(), x, vectors);
    }

    /** See {@link MapOp.Scale}. */
    public Value scale(Value x, float factor, float offset) {
        return add(new MapOp.Scale(factor, offset), x);
    }

    /** See {@link ResizeOp.UpsampleNearest}. */
    public Value upsampleNearest(Value x, int height, int width) {
        return add(new ResizeOp.UpsampleNearest(height, width), x);
    }

    /** See {@link ResizeOp.AveragePool2}. */
    public Value averagePool2(Value x) {
        return add(new ResizeOp.AveragePool2(), x);
    }

    /** See {@link LayoutOp.Concat}. */
    public Value concat(int axis, Value... parts) {
        return add(new LayoutOp.Concat(axis), parts);
    }

    /** See {@link LayoutOp.Slice}. */
    public Value slice(Value x, int axis, int from, int to) {
        return add(new LayoutOp.Slice(axis, from, to), x);
    }

    /** See {@link LayoutOp.Embedding}. */
    public Value embedding(Value ids, Value table) {
        return add(new LayoutOp.Embedding(), ids, table);
    }

    /** See {@link LayoutOp.SelectRows}. */
    public Value selectRows(Value x, Value positions) {
        return add(new LayoutOp.SelectRows(), x, positions);
    }

    /** See {@link TokenOp.MatchTokens}. */
    public Value matchTokens(Value x, int height, int width, int merged) {
        return add(new TokenOp.MatchTokens(height, width, merged), x);
    }

    /** See {@link TokenOp.MergeTokens}. */
    public Value mergeTokens(Value x, Value places, int tokens) {
        return add(new TokenOp.MergeTokens(tokens), x, places);
    }

    /** See {@link TokenOp.UnmergeTokens}. */
    public Value unmergeTokens(Value x, Value places) {
        return add(new TokenOp.UnmergeTokens(), x, places);
    }

    /** See {@link MapOp.TimestepEmbedding}, with the usual longest period 10000. */
    public Value timestepEmbedding(Value timesteps, int dim, boolean flipSinToCos, float freqShift) {
        return add(new MapOp.TimestepEmbedding(dim, flipSinToCos, freqShift, 10000), timesteps);
    }

    private Value addWithBias(Op op, Value x, Value weight, @Nullable Value bias) {
        return bias == null ? add(op, x, weight) : add(op, x, weight, bias);
    }

    /**
     * Adds an operation; models use the methods above, graph transformations this one.
     *
     * @throws TensorException if the operands' shapes or types do not fit; the message names the scope and the operation
     */
    public Value add(Op op, Value... operands) {
        if (!op.takes(operands.length)) {
            throw new TensorException("%s does not take %d operands".formatted(where(op), operands.length));
        }
        for (int i = 0; i < operands.length; i++) {
            DType found = own(operands[i]).dtype();
            boolean fits = op.isIndex(i)
                    ? found == DType.I32
                    : operands[i].op() instanceof SourceOp.Constant ? found.isFloatingPoint() : found == DType.F32;
            if (!fits) {
                throw new TensorException("%s: operand %d is %s, expected %s"
                        .formatted(where(op), i, found, op.isIndex(i) ? DType.I32 : DType.F32));
            }
        }
        try {
            Shape shape =
                    op.resultShape(Arrays.stream(operands).map(Value::shape).toArray(Shape[]::new));
            return append(op, List.of(operands), shape, op.resultType());
        } catch (TensorException e) {
            throw scope.isEmpty() ? e : new TensorException(scope + ": " + e.getMessage());
        }
    }

    private String where(Op op) {
        return scope.isEmpty() ? op.label() : scope + ": " + op.label();
    }

    private Value own(Value value) {
        if (value.id() >= values.size() || values.get(value.id()) != value) {
            throw new TensorException("%s belongs to another graph".formatted(value));
        }
        return value;
    }

    private Value append(Op op, List<Value> operands, Shape shape, DType dtype) {
        Value value = new Value(values.size(), op, operands, shape, dtype, scope);
        values.add(value);
        return value;
    }
}
