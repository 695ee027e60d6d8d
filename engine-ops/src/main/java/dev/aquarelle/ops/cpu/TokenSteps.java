package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.TokenOp;
import dev.aquarelle.ops.graph.Value;
import java.util.List;

/** Makes the steps of {@link TokenOp}s. */
record TokenSteps(Places places, Kernels kernels, Buffers buffers, long scratch) {

    static long scratchBytes(TokenOp op, Value result, List<Value> reads) {
        return switch (op) {
            case TokenOp.MatchTokens match -> sizes(match, reads.get(0).shape()).scratchBytes();
            case TokenOp.MergeTokens _ -> MergeTokensStep.scratchBytes(result.shape());
            case TokenOp.UnmergeTokens _ -> 0;
        };
    }

    private static MatchTokensStep.Sizes sizes(TokenOp.MatchTokens match, Shape x) {
        return MatchTokensStep.Sizes.of(match, x.dim(0), x.last());
    }

    Step step(TokenOp op, Value result, List<Value> reads) {
        Value x = reads.get(0);
        return switch (op) {
            case TokenOp.MatchTokens match ->
                new MatchTokensStep(
                        places.m(),
                        kernels,
                        buffers,
                        match,
                        sizes(match, x.shape()),
                        places.byteOffset(x),
                        places.byteOffset(result),
                        scratch);
            case TokenOp.MergeTokens merge ->
                new MergeTokensStep(
                        StepFactory.where(result),
                        places.m(),
                        kernels,
                        x.shape(),
                        merge.tokens(),
                        places.byteOffset(x),
                        places.byteOffset(reads.get(1)),
                        places.byteOffset(result),
                        scratch);
            case TokenOp.UnmergeTokens _ ->
                GatherStep.unmergeTokens(
                        StepFactory.where(result),
                        x.shape(),
                        places.operand(x),
                        reads.get(1).shape(),
                        places.operand(reads.get(1)),
                        places.operand(result));
        };
    }
}
