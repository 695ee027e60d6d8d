package dev.aquarelle.sd.pipeline;

/** What the denoiser is told in each of its calls: prompts may change on the way. */
@FunctionalInterface
public interface ConditioningSchedule {

    /**
     * What it is told, of the same shapes in all calls; the same object where nothing changes.
     *
     * @param call of the denoiser in its run, from 0
     */
    Conditioning at(int call);

    /** The same in all calls. */
    static ConditioningSchedule constant(Conditioning conditioning) {
        return _ -> conditioning;
    }
}
