package dev.aquarelle.ops.reference;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.LayoutOp;
import dev.aquarelle.ops.graph.MapOp;
import dev.aquarelle.ops.graph.NormOp;
import dev.aquarelle.ops.graph.ProductOp;
import dev.aquarelle.ops.graph.ResizeOp;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.TokenOp;
import dev.aquarelle.ops.graph.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One run of a program: what is computed so far, and the {@code switch} over all ops. */
final class ReferenceRun {
    private final Graph graph;
    private final ReferencePlan plan;
    private final Tensor[] inputs;
    private final Cancellation stop;
    /** By value id; null for what is not computed yet, no longer needed, or no floating-point value. */
    private final @Nullable Dense[] computed;

    ReferenceRun(Graph graph, ReferencePlan plan, @Nullable Dense[] constants, Tensor[] inputs, Cancellation stop) {
        this.graph = graph;
        this.plan = plan;
        this.inputs = inputs;
        this.stop = stop;
        this.computed = Arrays.copyOf(constants, constants.length);
    }

    /** Computes everything, then copies the outputs. */
    void into(Map<String, Tensor> outputs) {
        for (Value value : graph.values()) {
            if (plan.isNeeded(value) && isComputed(value)) {
                stop.check();
                computed[value.id()] = compute(value);
                for (Value operand : value.operands()) {
                    if (plan.isDeadAfter(operand, value)) {
                        computed[operand.id()] = null;
                    }
                }
            }
        }
        graph.outputs().forEach((name, value) -> {
            Tensor output = Objects.requireNonNull(outputs.get(name));
            if (isComputed(value)) {
                ReferenceProgram.copy(dense(value), output);
            } else {
                ReferenceProgram.copy(given(value), output);
            }
        });
    }

    /** Whether it has an array of floats: all but constants and indices that are given. */
    private static boolean isComputed(Value value) {
        return switch (value.op()) {
            case SourceOp.Constant _ -> false;
            case SourceOp.Input _ -> value.dtype() == DType.F32;
            default -> true;
        };
    }

    private Dense compute(Value value) {
        List<Value> operands = value.operands();
        return switch (value.op()) {
            case SourceOp.Input _, SourceOp.Constant _ ->
                new Dense(value.shape(), given(value).toFloatArray());
            case LayoutOp.Reshape _ -> new Dense(value.shape(), in(value, 0).values);
            case ProductOp.Conv2d op ->
                Convolution.conv2d(op, in(value, 0), in(value, 1), inOrNull(value, 2), value.shape(), stop);
            case ProductOp.Linear _ ->
                Products.linear(in(value, 0), in(value, 1), inOrNull(value, 2), value.shape(), stop);
            case ProductOp.MatMul _ -> Products.matMul(in(value, 0), in(value, 1), value.shape(), stop);
            case NormOp.GroupNorm op -> Norms.groupNorm(op, in(value, 0), in(value, 1), in(value, 2));
            case NormOp.LayerNorm op -> Norms.layerNorm(op, in(value, 0), inOrNull(value, 1), inOrNull(value, 2));
            case ProductOp.Attention op ->
                ScaledDotProduct.attention(op, in(value, 0), in(value, 1), in(value, 2), value.shape(), stop);
            case MapOp.Activate op -> Activations.activate(op.function(), in(value, 0));
            case MapOp.GeGlu _ -> Activations.geGlu(in(value, 0), value.shape());
            case NormOp.Softmax _ -> Norms.softmax(in(value, 0));
            case MapOp.Add _ -> Elementwise.add(in(value, 0), in(value, 1));
            case MapOp.Multiply _ -> Elementwise.multiply(in(value, 0), in(value, 1));
            case MapOp.AddPerChannel _ -> Elementwise.addPerChannel(in(value, 0), in(value, 1));
            case MapOp.Scale op -> Elementwise.scale(op, in(value, 0));
            case ResizeOp.UpsampleNearest _ -> Images.upsampleNearest(in(value, 0), value.shape());
            case ResizeOp.AveragePool2 _ -> Images.averagePool2(in(value, 0), value.shape());
            case LayoutOp.Concat op ->
                Rows.concat(op.axis(), operands.stream().map(this::dense).toList(), value.shape());
            case LayoutOp.Slice op -> Rows.slice(op, in(value, 0), value.shape());
            case LayoutOp.Embedding _ -> Rows.embedding(indices(operands.get(0)), in(value, 1), value);
            case LayoutOp.SelectRows _ -> Rows.selectRows(in(value, 0), indices(operands.get(1)), value);
            case TokenOp.MatchTokens op -> Tokens.match(op, in(value, 0), value.shape(), stop);
            case TokenOp.MergeTokens _ -> Tokens.merge(in(value, 0), indices(operands.get(1)), value);
            case TokenOp.UnmergeTokens _ -> Tokens.unmerge(in(value, 0), indices(operands.get(1)), value);
            case MapOp.TimestepEmbedding op -> Sinusoids.timestepEmbedding(op, in(value, 0), value.shape());
        };
    }

    private Dense in(Value value, int operand) {
        return dense(value.operands().get(operand));
    }

    private @Nullable Dense inOrNull(Value value, int operand) {
        return operand < value.operands().size() ? in(value, operand) : null;
    }

    private Dense dense(Value value) {
        return Objects.requireNonNull(computed[value.id()], () -> value + " is not computed");
    }

    private int[] indices(Value value) {
        if (!isComputed(value)) {
            return given(value).toIntArray();
        }
        float[] floats = dense(value).values;
        int[] indices = new int[floats.length];
        for (int i = 0; i < indices.length; i++) {
            indices[i] = (int) floats[i];
        }
        return indices;
    }

    /** The tensor of an input or a constant. */
    private Tensor given(Value value) {
        return switch (value.op()) {
            case SourceOp.Input _ -> inputs[graph.inputs().indexOf(value)];
            case SourceOp.Constant constant -> constant.tensor();
            default -> throw new TensorException(value + " is neither an input nor a constant");
        };
    }
}
