package dev.aquarelle.cli.measure;

import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.pipeline.PictureRequest;
import dev.aquarelle.sd.pipeline.StableDiffusion;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * How long it takes from asking a picture to stop to the end of the call, at random moments of it.
 *
 * @param wholeSeconds a picture that is not stopped takes
 * @param stops in the order in which they were made
 */
record StopMeasurement(double wholeSeconds, List<Stop> stops) {

    /** Where a picture stands. */
    enum Phase {
        /** Programs are compiled, texts and the picture that it starts from are encoded, the first step is at work. */
        BEGINNING,
        /** Between the first step and the last. */
        STEPS,
        /** The picture is decoded. */
        DECODING
    }

    /**
     * One of them.
     *
     * @param seconds from the call to asking
     * @param millis from asking to the end of the call
     */
    record Stop(Phase phase, double seconds, double millis) {}

    /**
     * Stops pictures of several requests in turn; if they are of different sizes, programs are compiled each time.
     *
     * @param user stops the measurement
     */
    static StopMeasurement of(StableDiffusion engine, List<PictureRequest> requests, int count, Cancellation user) {
        requests.forEach(request -> engine.generate(request, _ -> {}, user)); // to warm up
        long start = System.nanoTime();
        engine.generate(requests.getFirst(), _ -> {}, user);
        long whole = System.nanoTime() - start;
        SplittableRandom random = new SplittableRandom(1);
        List<Stop> stops = new ArrayList<>();
        for (int i = 1; stops.size() < count; i++) {
            Stop stop = stop(engine, requests.get(i % requests.size()), random.nextLong(whole), user);
            if (stop != null) {
                stops.add(stop);
            }
        }
        return new StopMeasurement(whole / 1e9, List.copyOf(stops));
    }

    /** Stops a picture so long after the call; null if it was done before. */
    private static @Nullable Stop stop(
            StableDiffusion engine, PictureRequest request, long afterNanos, Cancellation user) {
        long start = System.nanoTime();
        long asked = start + afterNanos;
        Steps steps = new Steps();
        try {
            engine.generate(
                    request,
                    progress -> steps.done(progress.step() == progress.steps()),
                    () -> System.nanoTime() - asked >= 0 || user.isCancelled());
            return null;
        } catch (CancellationException e) {
            double millis = (System.nanoTime() - asked) / 1e6;
            if (user.isCancelled()) {
                throw e;
            }
            return new Stop(steps.phase(asked), afterNanos / 1e9, millis);
        }
    }

    /** When the first step ended and the last one. */
    private static final class Steps {
        private long first = Long.MAX_VALUE;
        private long last = Long.MAX_VALUE;

        void done(boolean isLast) {
            long now = System.nanoTime();
            first = Math.min(first, now);
            last = isLast ? now : last;
        }

        Phase phase(long moment) {
            return moment < first ? Phase.BEGINNING : moment < last ? Phase.STEPS : Phase.DECODING;
        }
    }

    /** The time within which so large a part of the stops was over, in milliseconds. */
    double millis(double part) {
        return millis(stops, part);
    }

    private static double millis(List<Stop> stops, double part) {
        double[] sorted = stops.stream().mapToDouble(Stop::millis).sorted().toArray();
        return sorted[Math.max(0, (int) Math.ceil(part * sorted.length) - 1)];
    }

    /** A line for each phase and one for all. */
    void print(PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "%d pictures of %.1f s stopped at random moments; from asking to the end of the call:%n%n",
                stops.size(),
                wholeSeconds);
        out.printf("%-12s %8s %10s %10s %10s%n", "", "stops", "p50", "p99", "max");
        for (Phase phase : Phase.values()) {
            line(
                    phase.name().toLowerCase(Locale.ROOT),
                    stops.stream().filter(stop -> stop.phase == phase).toList(),
                    out);
        }
        line("all", stops, out);
    }

    private static void line(String what, List<Stop> stops, PrintWriter out) {
        if (!stops.isEmpty()) {
            out.printf(
                    Locale.ROOT,
                    "%-12s %8d %7.1f ms %7.1f ms %7.1f ms%n",
                    what,
                    stops.size(),
                    millis(stops, 0.5),
                    millis(stops, 0.99),
                    millis(stops, 1));
        }
    }
}
