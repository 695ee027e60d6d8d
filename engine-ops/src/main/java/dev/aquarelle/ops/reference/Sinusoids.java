package dev.aquarelle.ops.reference;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.MapOp;

/** {@link MapOp.TimestepEmbedding}. */
final class Sinusoids {
    private Sinusoids() {}

    static Dense timestepEmbedding(MapOp.TimestepEmbedding op, Dense timesteps, Shape resultShape) {
        Dense result = Dense.of(resultShape);
        int half = op.dim() / 2;
        int sines = op.flipSinToCos() ? half : 0;
        int cosines = half - sines;
        for (int n = 0; n < timesteps.values.length; n++) {
            int row = n * op.dim();
            for (int i = 0; i < half; i++) {
                double frequency = StrictMath.exp(-StrictMath.log(op.maxPeriod()) * i / (half - op.freqShift()));
                double angle = timesteps.values[n] * frequency;
                result.values[row + sines + i] = (float) StrictMath.sin(angle);
                result.values[row + cosines + i] = (float) StrictMath.cos(angle);
            }
        }
        return result;
    }
}
