package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.StepInfo;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.ops.plan.SlabPlan;
import java.util.List;

/**
 * What a step is in profiles and messages.
 *
 * @param where scope and operation
 * @param info what a recording says of each execution
 * @param constants what it may read from a file
 */
record StepProfile(String where, StepInfo info, List<SourceOp.Constant> constants) {

    /** Of a step that computes a node: both operations where one is fused into the one behind it. */
    static StepProfile of(Step step, SlabPlan.Node node) {
        Value result = node.result();
        return new StepProfile(
                StepFactory.where(result),
                StepInfo.of(result, Fusion.of(node), node.reads(), step.kernel(), step.packedBytes()),
                node.reads().stream()
                        .map(read -> SlabPlan.root(read).op())
                        .filter(SourceOp.Constant.class::isInstance)
                        .map(SourceOp.Constant.class::cast)
                        .toList());
    }

    /** What an error becomes that came while the step ran: an exception with names, if the step reads a mapped file; else itself. */
    RuntimeException unreadable(InternalError error) {
        String names = String.join(
                ", ", constants.stream().map(SourceOp.Constant::name).toList());
        return unreadable(
                where + " reading " + names,
                constants.stream().map(SourceOp.Constant::tensor).toList(),
                error);
    }

    /**
     * The same for {@code who} that reads the tensors. The JVM says {@link InternalError} where a page of a mapped file is gone.
     *
     * @throws InternalError the given one if none of them is mapped
     */
    static RuntimeException unreadable(String who, List<Tensor> tensors, InternalError error) {
        if (tensors.stream().noneMatch(tensor -> tensor.data().isMapped())) {
            throw error;
        }
        return new SafetensorsException(
                who + ": expected the mapped file as it was opened, found pages missing: was it shortened?", error);
    }
}
