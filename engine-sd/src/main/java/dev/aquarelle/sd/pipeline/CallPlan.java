package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.unet.UNetVariant;
import dev.aquarelle.sd.unet.UNetVariant.Deep;

/**
 * What the denoiser computes in which call of a run.
 *
 * @param shortcuts as asked
 * @param guidedLooks how many looks there are at each picture where guidance counts
 * @param calls of the run
 */
record CallPlan(Shortcuts shortcuts, int guidedLooks, int calls) {

    /** Looks at each picture in a call: one outside of the guidance interval. */
    int looks(int call) {
        return call >= guidedFrom() && call < guidedUntil() ? guidedLooks : 1;
    }

    /** Rounded down as in diffusers' guiders ({@code start} and {@code stop}). */
    private int guidedFrom() {
        return (int) (shortcuts.guidanceFrom() * calls);
    }

    private int guidedUntil() {
        return (int) (shortcuts.guidanceUntil() * calls);
    }

    /** Which graph computes it. Where the number of looks changes, deep blocks are computed anew. */
    UNetVariant variant(int call) {
        UNetVariant merging = new UNetVariant(shortcuts.mergeRatio(), Deep.COMPUTED);
        if (shortcuts.cacheInterval() == 1) {
            return merging;
        }
        int first = call;
        while (first > 0 && looks(first - 1) == looks(call)) {
            first--;
        }
        return merging.with((call - first) % shortcuts.cacheInterval() == 0 ? Deep.KEPT : Deep.GIVEN);
    }
}
