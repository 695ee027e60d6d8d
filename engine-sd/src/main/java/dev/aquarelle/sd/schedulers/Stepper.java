package dev.aquarelle.sd.schedulers;

import dev.aquarelle.core.tensor.Shape;
import org.jspecify.annotations.Nullable;

/** The arithmetic of one run's steps, with its memory. */
@FunctionalInterface
interface Stepper {
    /** One step; the arrays of the input are kept by whoever wants them and changed by nobody. */
    Update step(Call call);

    /** What a step works on; {@code index} counts all calls of the schedule, also those left out. */
    final class Call {
        final int index;
        final float[] modelOutput;
        final float[] sample;
        final int batch;
        private final Shape shape;
        private final NoiseSource noise;

        /**
         * @param shape of the sample, pictures outermost
         */
        Call(int index, float[] modelOutput, float[] sample, Shape shape, NoiseSource noise) {
            this.index = index;
            this.modelOutput = modelOutput;
            this.sample = sample;
            this.batch = shape.rank() == 0 ? 1 : shape.dim(0);
            this.shape = shape;
            this.noise = noise;
        }

        /** Draws new noise. */
        float[] noise() {
            return noise.next(shape).toFloatArray();
        }

        /** The noise of the way between two sigmas. */
        float[] noise(double from, double to) {
            return noise.next(shape, from, to).toFloatArray();
        }
    }

    /** What a step gives. */
    final class Update {
        final float[] prevSample;
        final float @Nullable [] predOriginalSample;

        Update(float[] prevSample, float @Nullable [] predOriginalSample) {
            this.prevSample = prevSample;
            this.predOriginalSample = predOriginalSample;
        }
    }
}
