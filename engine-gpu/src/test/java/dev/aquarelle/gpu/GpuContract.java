package dev.aquarelle.gpu;

import dev.aquarelle.ops.testing.BackendContract;
import dev.aquarelle.ops.testing.Tolerance;

/** What every backend computes alike, as far as devices do. */
abstract class GpuContract extends BackendContract {

    /** Some devices round the product before the sum, others do not; TornadoVM leaves no choice. */
    @Override
    public Tolerance scaleTolerance() {
        return Tolerance.absolute(1e-6);
    }
}
