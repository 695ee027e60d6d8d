package dev.aquarelle.bench;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.MapOp;
import dev.aquarelle.ops.graph.Op;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.ProductOp;
import dev.aquarelle.ops.graph.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * An operation at the shapes that it has somewhere in a model.
 *
 * @param op the operation
 * @param silu whether a SiLU follows, as it does most group norms, which backends may compute along with it
 * @param operands what it reads
 */
public record Kernel(Op op, boolean silu, List<Operand> operands) {

    /**
     * What an operation reads.
     *
     * @param isWeight whether it is known before the run
     */
    public record Operand(Shape shape, boolean isWeight) {}

    /** The operation's name, as in profiles: {@code groupNorm+silu}. */
    public String kind() {
        return op.label() + (silu ? "+silu" : "");
    }

    /** Name and shapes, without spaces; biases and other vectors are left out: {@code conv2d:2x64x64x320*320x320x3x3}. */
    public String name() {
        String shapes = operands.stream()
                .map(Operand::shape)
                .filter(shape -> shape.rank() > 1)
                .map(Kernel::text)
                .collect(Collectors.joining("*"));
        String rest = switch (op) {
            case ProductOp.Conv2d conv when conv.stride() != 1 -> "/stride" + conv.stride();
            case ProductOp.Attention attention -> "/heads" + attention.heads();
            default -> "";
        };
        return kind() + ":" + shapes + rest;
    }

    static String text(Shape shape) {
        return shape.toString().replace(", ", "x").replaceAll("[\\[\\]]", "");
    }

    /** The shape of the result. */
    public Shape result() {
        return op.resultShape(shapes());
    }

    /** Floating-point operations as the graph counts them, a multiply-add as two. */
    public long flops() {
        long flops = op.flops(result(), shapes());
        return silu ? flops + new MapOp.Activate(Activation.SILU).flops(result(), result()) : flops;
    }

    /** Bytes of operands and result, the weights' as 16 bits a number: what has to move at least. */
    public long bytes() {
        long bytes = 4 * result().size();
        for (Operand operand : operands) {
            bytes += (operand.isWeight ? 2 : 4) * operand.shape.size();
        }
        return bytes;
    }

    private Shape[] shapes() {
        return operands.stream().map(Operand::shape).toArray(Shape[]::new);
    }

    /** Adds it to a graph, with its operands there already. */
    Value apply(Graph g, Value... values) {
        Value result = g.add(op, values);
        return silu ? g.silu(result) : result;
    }

    /**
     * The beginning of the problem, small enough for plain loops: the first sample, and of large ones the first rows of it. Operands begin
     * with the same numbers, and so does the result, for {@link Part#exact} numbers.
     */
    Part part() {
        boolean rows = op instanceof ProductOp && flops() > 1_000_000_000L;
        List<Operand> few = new ArrayList<>();
        for (int i = 0; i < operands.size(); i++) {
            Operand operand = operands.get(i);
            int[] dims = operand.shape.dims();
            if (!operand.isWeight && dims.length > 1) {
                dims[0] = op instanceof MapOp.Add && dims.length < result().rank() ? dims[0] : 1;
                if (rows && i == 0 && dims.length > 2) {
                    dims[1] = Math.min(dims[1], 8);
                }
            }
            few.add(new Operand(Shape.of(dims), operand.isWeight));
        }
        Kernel kernel = new Kernel(op, silu, List.copyOf(few));
        long exact = kernel.result().size();
        if (rows && op instanceof ProductOp.Conv2d && operands.getFirst().shape.dim(1) > 8) {
            exact = exact / kernel.result().dim(1) * 2; // the last rows see the cut
        }
        return new Part(kernel, exact);
    }

    /**
     * A smaller problem that begins alike.
     *
     * @param exact how many numbers of its result are those of the whole
     */
    record Part(Kernel kernel, long exact) {}

    /** Padding of a convolution that is the same on all sides, as peers want it; -1 if it is not. */
    public static int evenPadding(Padding padding) {
        return padding.equals(Padding.all(padding.top())) ? padding.top() : -1;
    }
}
