package dev.aquarelle.ops.graph;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import java.util.List;

/**
 * A symbolic tensor: what one operation of a {@link Graph} will make. Values are made by the graph's methods and compared by identity.
 */
public final class Value {
    private final int id;
    private final Op op;
    private final List<Value> operands;
    private final Shape shape;
    private final DType dtype;
    private final String scope;

    Value(int id, Op op, List<Value> operands, Shape shape, DType dtype, String scope) {
        this.id = id;
        this.op = op;
        this.operands = operands;
        this.shape = shape;
        this.dtype = dtype;
        this.scope = scope;
    }

    /** Its position in {@link Graph#values}: operands have smaller ones. */
    public int id() {
        return id;
    }

    /** The operation that makes it. */
    public Op op() {
        return op;
    }

    /** The operation's operands, in the order its docstring gives. */
    public List<Value> operands() {
        return operands;
    }

    /** Its axes, outermost first. */
    public Shape shape() {
        return shape;
    }

    /** F32, but for constants and index inputs. */
    public DType dtype() {
        return dtype;
    }

    /** The part of the model it was made in, as the checkpoint names it: {@code down_blocks.0.resnets.1}; may be empty. */
    public String scope() {
        return scope;
    }

    /** As in a printed graph: {@code %12 = groupNorm(%11, %3, %4) F32 [2, 64, 64, 320]  down_blocks.0.resnets.0}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("%" + id + " = ");
        text.append(
                switch (op) {
                    case SourceOp.Input input -> "input " + input.name();
                    case SourceOp.Constant constant -> "constant " + constant.name();
                    default ->
                        op.label()
                                + operands.stream()
                                        .map(v -> "%" + v.id)
                                        .toList()
                                        .toString()
                                        .replace('[', '(')
                                        .replace(']', ')');
                });
        text.append(' ').append(dtype).append(' ').append(shape);
        return scope.isEmpty()
                ? text.toString()
                : text.append("  ").append(scope).toString();
    }
}
