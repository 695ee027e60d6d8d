package dev.aquarelle.cli.measure;

import dev.aquarelle.sd.pipeline.Shortcuts;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * What shortcuts gained and cost.
 *
 * @param model its name
 * @param backend and what it runs on
 * @param java the version
 * @param processors how many there are
 * @param width of the pictures, in pixels
 * @param height of the pictures, in pixels
 * @param steps of each picture
 * @param sampler of the pictures; empty for the model's own
 * @param ways the exact one first
 */
record ShortcutsReport(
        String model,
        String backend,
        String java,
        int processors,
        int width,
        int height,
        int steps,
        String sampler,
        List<Way> ways) {

    /**
     * One way to make the pictures.
     *
     * @param name as options say it
     * @param pictures one for each prompt
     */
    record Way(String name, List<Picture> pictures) {
        static Way of(Shortcuts shortcuts) {
            return new Way(nameOf(shortcuts), new ArrayList<>());
        }

        private static String nameOf(Shortcuts s) {
            List<String> options = new ArrayList<>();
            if (s.guidanceFrom() > 0 || s.guidanceUntil() < 1) {
                options.add("--guidance-interval %s,%s".formatted(s.guidanceFrom(), s.guidanceUntil()));
            }
            if (s.cacheInterval() > 1) {
                options.add("--cache-interval " + s.cacheInterval());
            }
            if (s.mergeRatio() > 0) {
                options.add("--merge-tokens " + s.mergeRatio());
            }
            return options.isEmpty() ? "exact" : String.join(" ", options);
        }
    }

    /**
     * A picture.
     *
     * @param seconds from the request to the last step
     * @param processorSeconds of all threads together: what to read on a machine that does other things too
     * @param timesAsFast as the exact picture of the same prompt, made just before
     * @param timesLessWork the same by the processor's time
     * @param steps the processor's seconds of each
     * @param psnr against that picture, in decibels; infinite where they are equal
     */
    record Picture(
            double seconds,
            double processorSeconds,
            double timesAsFast,
            double timesLessWork,
            List<Double> steps,
            double psnr) {}

    /** A line for each way. */
    void print(PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "%s; %s, Java %s, %d processors%n%d pictures of %d x %d pixels each, %d steps%s%n%n",
                model,
                backend,
                java,
                processors,
                ways.getFirst().pictures().size(),
                width,
                height,
                steps,
                sampler.isEmpty() ? "" : " of " + sampler);
        out.printf(
                "%-64s %9s %9s %9s %9s %9s %9s %9s%n",
                "", "seconds", "processor", "speed", "by proc.", "from", "PSNR dB", "from");
        for (Way way : ways) {
            double[] work = sorted(way, Picture::timesLessWork);
            double[] psnr = sorted(way, Picture::psnr);
            out.printf(
                    Locale.ROOT,
                    "%-64s %9.2f %9.2f %9.2f %9.2f %9.2f %9.1f %9.1f%n",
                    way.name(),
                    median(sorted(way, Picture::seconds)),
                    median(sorted(way, Picture::processorSeconds)),
                    median(sorted(way, Picture::timesAsFast)),
                    median(work),
                    work[0],
                    median(psnr),
                    psnr[0]);
        }
        out.printf("%nmedians over the pictures, and the least; speed is that of the exact picture of the same prompt,"
                + " made just before, as 1%n");
    }

    private static double[] sorted(Way way, ToDoubleFunction<Picture> figure) {
        return way.pictures().stream().mapToDouble(figure).sorted().toArray();
    }

    private static double median(double[] sorted) {
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }
}
