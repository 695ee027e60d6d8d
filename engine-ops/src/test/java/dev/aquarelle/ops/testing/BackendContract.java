package dev.aquarelle.ops.testing;

import dev.aquarelle.ops.Backend;

/**
 * What every backend computes alike; a backend's own test class extends this and supplies itself. The parts are interfaces, by kind of
 * operation.
 */
public abstract class BackendContract
        implements ProductContract,
                ConvolutionContract,
                AttentionContract,
                NormContract,
                ElementwiseContract,
                MovementContract,
                ProgramContract,
                RandomGraphContract {
    @Override
    public abstract Backend backend();
}
