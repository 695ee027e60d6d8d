package dev.aquarelle.sd.schedulers;

import java.util.function.Supplier;
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
        private final Supplier<float[]> noise;

        Call(int index, float[] modelOutput, float[] sample, int batch, Supplier<float[]> noise) {
            this.index = index;
            this.modelOutput = modelOutput;
            this.sample = sample;
            this.batch = batch;
            this.noise = noise;
        }

        /** Draws new noise. */
        float[] noise() {
            return noise.get();
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
