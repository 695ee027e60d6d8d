package dev.aquarelle.ops;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.Value;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One step of a program: which part of the model, what it computes and how, how much work that is.
 *
 * @param scope the part of the model, as the checkpoint names it
 * @param op the operation's label; {@code a+b} where one was taken into the other
 * @param kernel what computes it: {@code gemm}, {@code winograd}
 * @param shapes the operands' shapes and the result's
 * @param flops floating-point operations as the graph counts them, a multiply-add counted as two
 * @param bytes of all operands and of the result
 * @param packedBytes of weights, or another second operand, that are rearranged for the kernel in each run
 */
public record StepInfo(
        String scope, String op, String kernel, String shapes, long flops, long bytes, long packedBytes) {

    /**
     * Of a step that computes {@code result}.
     *
     * @param fused the operation before it that it computes too, or null
     * @param reads the values it reads
     */
    public static StepInfo of(Value result, @Nullable Value fused, List<Value> reads, String kernel, long packedBytes) {
        String op = result.op().label();
        long flops = flops(result);
        if (fused != null) {
            op = fused.op().label() + "+" + op;
            flops += flops(fused);
        }
        long bytes = bytes(result);
        for (Value read : reads) {
            bytes += bytes(read);
        }
        String shapes = reads.stream().map(Value::shape).toList() + " -> " + result.shape();
        return new StepInfo(result.scope(), op, kernel, shapes, flops, bytes, packedBytes);
    }

    private static long flops(Value value) {
        return value.op()
                .flops(
                        value.shape(),
                        value.operands().stream().map(Value::shape).toArray(Shape[]::new));
    }

    private static long bytes(Value value) {
        return value.dtype().bytesFor(value.shape().size());
    }
}
