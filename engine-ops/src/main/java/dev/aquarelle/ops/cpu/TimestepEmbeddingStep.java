package dev.aquarelle.ops.cpu;

import static dev.aquarelle.ops.cpu.Scalars.get;
import static dev.aquarelle.ops.cpu.Scalars.set;

import dev.aquarelle.ops.graph.MapOp;

/** {@link MapOp.TimestepEmbedding}, in double precision and rounded once; some hundred sines, so on one thread. Out must not overlap x. */
final class TimestepEmbeddingStep implements Step {
    private final MapOp.TimestepEmbedding op;
    private final int samples;
    private final Operand timesteps;
    private final Operand out;
    private final double[] frequencies;

    TimestepEmbeddingStep(MapOp.TimestepEmbedding op, int samples, Operand timesteps, Operand out) {
        this.op = op;
        this.samples = samples;
        this.timesteps = timesteps;
        this.out = out;
        int half = op.dim() / 2;
        frequencies = new double[half];
        for (int i = 0; i < half; i++) {
            frequencies[i] = StrictMath.exp(-StrictMath.log(op.maxPeriod()) * i / (half - op.freqShift()));
        }
    }

    @Override
    public void run(Workers workers) {
        int half = frequencies.length;
        long sines = op.flipSinToCos() ? 4L * half : 0;
        long cosines = 4L * half - sines;
        for (int n = 0; n < samples; n++) {
            float timestep = get(timesteps.segment(), timesteps.byteOffset() + 4L * n);
            long row = out.byteOffset() + 4L * op.dim() * n;
            for (int i = 0; i < half; i++) {
                double angle = timestep * frequencies[i];
                set(out.segment(), row + sines + 4L * i, (float) StrictMath.sin(angle));
                set(out.segment(), row + cosines + 4L * i, (float) StrictMath.cos(angle));
            }
            if (op.dim() % 2 == 1) {
                set(out.segment(), row + 8L * half, 0);
            }
        }
    }
}
