package dev.aquarelle.sd.prompt;

/**
 * What the numbers of a schedule count. In a second pass over a picture (the web interface's "hires fix") they go on where the first one ended,
 * as its version 1.6 reads them: parts from 1 on, steps from those of the first pass on.
 *
 * @param earlier steps of the pass before; 0 if there was none
 * @param steps of the sampler
 */
record CountedSteps(int earlier, int steps) {

    /**
     * The last step before a number, counted from 1; below that if it has gone by already.
     *
     * @param when a number as it is written: one with a point is a part of all steps, another one counts them
     */
    int end(String when) {
        double number = Double.parseDouble(when);
        boolean isPart = when.contains(".");
        double begun = earlier == 0 ? 0 : isPart ? 1 : earlier;
        return (int) Math.min(steps, isPart ? (number - begun) * steps : number - begun);
    }
}
