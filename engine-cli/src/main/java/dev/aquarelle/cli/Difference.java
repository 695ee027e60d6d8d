package dev.aquarelle.cli;

import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Image;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** How a picture that was made again, or by another way, differs from the first one. */
public final class Difference {
    private Difference() {}

    /** A line for each parameter that is not the same; none if all are. */
    static List<String> of(GenerationParameters then, GenerationParameters now) {
        List<String> lines = new ArrayList<>();
        add(lines, "prompt", then.prompt(), now.prompt());
        add(lines, "negative prompt", then.negativePrompt(), now.negativePrompt());
        GenerationParameters again =
                GenerationParameters.parse(now.toText()); // with the parts of sizes, as the other one
        Set<String> names = new LinkedHashSet<>(then.values().keySet());
        names.addAll(again.values().keySet());
        for (String name : names) {
            add(
                    lines,
                    name,
                    then.values().getOrDefault(name, "nothing"),
                    again.values().getOrDefault(name, "nothing"));
        }
        return lines;
    }

    private static void add(List<String> lines, String name, String then, String now) {
        if (!then.equals(now)) {
            lines.add("%s: %s in the picture, %s here".formatted(name, then, now));
        }
    }

    /** In a line; {@code the same pixels} if there is no difference. */
    static String of(Image then, Image now) {
        if (then.equals(now)) {
            return "the same pixels";
        }
        if (then.width() != now.width() || then.height() != now.height()) {
            return "another size: %d x %d pixels, now %d x %d"
                    .formatted(then.width(), then.height(), now.width(), now.height());
        }
        byte[] before = then.toByteArray();
        byte[] after = now.toByteArray();
        int differing = 0;
        int largest = 0;
        for (int i = 0; i < before.length; i++) {
            int difference = Math.abs((before[i] & 0xFF) - (after[i] & 0xFF));
            differing += difference > 0 ? 1 : 0;
            largest = Math.max(largest, difference);
        }
        return String.format(
                Locale.ROOT,
                "not the same: %d of %d values differ, by %d of 255 at most (PSNR %.1f dB)",
                differing,
                before.length,
                largest,
                psnr(now, then));
    }

    /** Peak signal to noise ratio of two pictures of one size over all samples, in decibels: infinite if they are equal. */
    public static double psnr(Image picture, Image exact) {
        byte[] a = picture.toByteArray();
        byte[] b = exact.toByteArray();
        double squares = 0;
        for (int i = 0; i < a.length; i++) {
            double difference = (a[i] & 0xFF) - (b[i] & 0xFF);
            squares += difference * difference;
        }
        return squares == 0 ? Double.POSITIVE_INFINITY : 10 * Math.log10(255.0 * 255.0 * a.length / squares);
    }
}
