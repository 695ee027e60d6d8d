package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.schedulers.RunOptions;
import dev.aquarelle.sd.schedulers.SchedulerRun;

/**
 * A request that is made in a single pass.
 *
 * @param last the pass
 */
record OnePass(Pass last) implements Passes {

    static OnePass of(OpenModel open, SettledRequest s, Cancellation cancellation) {
        SchedulerRun run = open.scheduler(s).start(RunOptions.steps(s.steps()).startingAt(s.firstStep()));
        return new OnePass(new Pass(open, s, run, s.image() != null, PassSteps.of(s), cancellation));
    }

    @Override
    public void require() {
        last.require();
    }

    @Override
    public MemoryNeed need() {
        return last.need();
    }

    @Override
    public Tensor make(ProgressListener listener) {
        last.prepare();
        return last.make(
                NoiseSources.of(last.s(), last.open().model().scale()), starter -> start(last.s(), starter), listener);
    }

    private static Start start(SettledRequest s, Starter starter) {
        return switch (s.painted()) {
            case TextToImage _, HiresFix _, Refined _ -> starter.ofNoise();
            case ImageToImage to -> starter.ofImage(to.image().toTensor());
            case Inpaint inpaint -> inpainting(s, inpaint, starter);
            case Outpaint outpaint -> inpainting(s, outpaint.inpaint(), starter);
            case InstructEdit edit ->
                starter.ofInstruction(edit.image().toTensor(), s.guidance().looks());
        };
    }

    private static Start inpainting(SettledRequest s, Inpaint inpaint, Starter starter) {
        return starter.ofInpainting(
                inpaint.image().toTensor(),
                Masking.of(inpaint.usedMask()),
                inpaint.use().content(),
                inpaint.strength() == 1,
                s.guidance().looks());
    }
}
