package dev.aquarelle.cli.measure;

import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.pipeline.Shortcuts;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

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
     * @param seconds each picture took, from the request to the last step
     * @param ratios by how much it was faster than the exact picture of the same prompt, made just before
     * @param psnr of each picture against the exact one, in decibels; infinite where they are equal
     */
    record Way(String name, List<Double> seconds, List<Double> ratios, List<Double> psnr) {
        static Way of(Shortcuts shortcuts) {
            return new Way(nameOf(shortcuts), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
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

    /** Peak signal to noise ratio of two pictures of one size over all samples, in decibels: infinite if they are equal. */
    static double psnr(Image picture, Image exact) {
        byte[] a = picture.toByteArray();
        byte[] b = exact.toByteArray();
        double squares = 0;
        for (int i = 0; i < a.length; i++) {
            double difference = (a[i] & 0xFF) - (b[i] & 0xFF);
            squares += difference * difference;
        }
        return squares == 0 ? Double.POSITIVE_INFINITY : 10 * Math.log10(255.0 * 255.0 * a.length / squares);
    }

    /** A line for each way. */
    void print(PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "%s; %s, Java %s, %d processors%n%d pictures of %d x %d pixels each, %d steps%s%n%n",
                model,
                backend,
                java,
                processors,
                ways.getFirst().seconds().size(),
                width,
                height,
                steps,
                sampler.isEmpty() ? "" : " of " + sampler);
        out.printf(
                "%-64s %9s %9s %9s %9s %9s %9s %9s%n",
                "", "seconds", "min", "max", "times", "min", "PSNR dB", "min");
        for (Way way : ways) {
            out.printf(
                    Locale.ROOT,
                    "%-64s %9.2f %9.2f %9.2f %9.2f %9.2f %9.1f %9.1f%n",
                    way.name(),
                    median(way.seconds()),
                    least(way.seconds()),
                    most(way.seconds()),
                    median(way.ratios()),
                    least(way.ratios()),
                    median(way.psnr()),
                    least(way.psnr()));
        }
        out.printf("%nmedians over the pictures; times as fast as the exact picture of the same prompt, made just before%n");
    }

    private static double[] sorted(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(x -> x).toArray();
        Arrays.sort(sorted);
        return sorted;
    }

    private static double median(List<Double> values) {
        double[] sorted = sorted(values);
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    private static double least(List<Double> values) {
        return sorted(values)[0];
    }

    private static double most(List<Double> values) {
        return sorted(values)[values.size() - 1];
    }
}
