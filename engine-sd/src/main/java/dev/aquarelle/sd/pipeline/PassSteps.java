package dev.aquarelle.sd.pipeline;

/**
 * Which steps of its prompts' schedules a pass makes: prompts that change go on from one pass to the next.
 *
 * @param first the first one, counted from 0
 * @param count how many
 * @param isAgain whether it is a second pass over the picture, which counts its own steps behind those of the first
 */
record PassSteps(int first, int count, boolean isAgain) {

    /** Those of a request that is made in one pass. */
    static PassSteps of(SettledRequest s) {
        return new PassSteps(0, s.steps() - s.firstStep(), false);
    }

    /** Those of a second pass over the whole picture. */
    static PassSteps again(int count) {
        return new PassSteps(0, count, true);
    }

    /** Prompts with schedules that are those of this pass. */
    WebUiPrompts counted(WebUiPrompts prompts) {
        if (!isAgain) {
            return prompts;
        }
        return new WebUiPrompts(
                prompts.parts().stream().map(part -> part.again(count)).toList(),
                prompts.negative().again(count),
                prompts.noNegative());
    }
}
