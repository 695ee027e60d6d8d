package dev.aquarelle.ops;

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
        String scope, String op, String kernel, String shapes, long flops, long bytes, long packedBytes) {}
