package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.schedulers.Schedule;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * A picture made in the size that the model knows, enlarged, and made into itself once more in the larger size (the web UI's "hires fix"), where
 * a model asked for the large size at once would repeat its subject. Both passes have the same seeds.
 *
 * <pre>{@code
 * HiresFix.by(TextToImage.of("a castle"), 2).with(new HiresUpscaler.Pixels(Resampling.LANCZOS)).withStrength(0.5)
 * }</pre>
 *
 * @param text prompt and settings, and the size of the first pass
 * @param scale how many times larger, from 1 to 8; sides are rounded down to multiples of 8
 * @param size of the result in place of a scale: the picture is enlarged until it covers it, and what is too much is cut off
 * @param upscaler what enlarges it
 * @param strength how much becomes new in the second pass: above 0, at most 1
 * @param steps that are made in the second pass, whatever the strength, as in the web UI; 0 for as many as in the first
 */
public record HiresFix(
        TextToImage text,
        double scale,
        SdxlOptions.@Nullable Size size,
        HiresUpscaler upscaler,
        double strength,
        int steps)
        implements PictureRequest {
    private static final double LARGEST_SCALE = 8;
    private static final double USUAL_STRENGTH = 0.7;

    /** With a strength of 1 the web UI begins as near to pure noise as this. */
    private static final double MOST_STRENGTH = 0.999;

    private static final String SCALE = "Hires upscale";
    private static final String SIZE = "Hires resize";
    private static final String STEPS = "Hires steps";
    private static final String UPSCALER = "Hires upscaler";

    /**
     * @throws IllegalArgumentException if a number is outside of its range; names it, expected, found
     */
    public HiresFix {
        if (!(scale >= 1 && scale <= LARGEST_SCALE)) {
            throw new IllegalArgumentException("hires scale: expected 1 to 8, found " + scale);
        }
        ImageToImage.requireStrength(strength);
        Schedule schedule = text.schedule();
        if (schedule != null && schedule.steps().isPresent()) {
            throw new IllegalArgumentException(
                    "schedule: expected one of any number of steps for a second pass, found one "
                            + schedule.description());
        }
        if (steps < 0 || steps > TextToImage.MOST_STEPS) {
            throw new IllegalArgumentException(
                    "hires steps: expected 0 to %d, found %d".formatted(TextToImage.MOST_STEPS, steps));
        }
        if (size != null) {
            requireSide("width", size.width());
            requireSide("height", size.height());
        }
    }

    private static void requireSide(String name, int pixels) {
        if (pixels % 8 != 0 || pixels > TextToImage.LARGEST_SIDE) {
            throw new IllegalArgumentException("hires %s: expected a multiple of 8, at most %d, found %d"
                    .formatted(name, TextToImage.LARGEST_SIDE, pixels));
        }
    }

    /** So many times as large, the latents enlarged, everything else as usual. */
    public static HiresFix by(TextToImage text, double scale) {
        return new HiresFix(text, scale, null, HiresUpscaler.usual(), USUAL_STRENGTH, 0);
    }

    /** So many pixels large. */
    public static HiresFix to(TextToImage text, int width, int height) {
        return new HiresFix(text, 1, new SdxlOptions.Size(width, height), HiresUpscaler.usual(), USUAL_STRENGTH, 0);
    }

    /** Enlarged by something else. */
    public HiresFix with(HiresUpscaler other) {
        return new HiresFix(text, scale, size, other, strength, steps);
    }

    /** With another strength. */
    public HiresFix withStrength(double other) {
        return new HiresFix(text, scale, size, upscaler, other, steps);
    }

    /** With so many steps in the second pass. */
    public HiresFix withSteps(int other) {
        return new HiresFix(text, scale, size, upscaler, strength, other);
    }

    /** Width of the result in pixels, for one of the first pass. */
    int width(int first) {
        return size == null ? scaled("width", first) : size.width();
    }

    /** Height of the result in pixels, for one of the first pass. */
    int height(int first) {
        return size == null ? scaled("height", first) : size.height();
    }

    private int scaled(String name, int first) {
        int pixels = (int) (first * scale) / 8 * 8;
        requireSide(name, pixels);
        return pixels;
    }

    /** Steps that are made in the second pass, for those of the first. */
    int stepsMade(int first) {
        return steps == 0 ? first : steps;
    }

    /**
     * Steps of the second pass's schedule, the last of which are made.
     *
     * @throws IllegalArgumentException if the strength is so low that there cannot be so many
     */
    int scheduled(int first) {
        int made = stepsMade(first);
        double all = made / Math.min(strength, MOST_STRENGTH);
        if (all >= TextToImage.MOST_STEPS + 1) {
            throw new IllegalArgumentException(
                    "hires strength: expected at least %s for %d steps, which are that part of at most %d, found %s"
                            .formatted((double) made / TextToImage.MOST_STEPS, made, TextToImage.MOST_STEPS, strength));
        }
        return (int) all;
    }

    /** Writes what the picture's file says of it, under the web UI's names. */
    void putInto(SequencedMap<String, String> values) {
        values.put(Replay.STRENGTH, SettledRequest.number(strength));
        if (size == null) {
            values.put(SCALE, SettledRequest.number(scale));
        } else {
            values.put(SIZE, size.width() + "x" + size.height());
        }
        if (steps > 0) {
            values.put(STEPS, Integer.toString(steps));
        }
        values.put(UPSCALER, upscaler.title());
    }

    /**
     * What {@link #putInto} said, taken out of the parameters; {@code null} if they tell of something else.
     *
     * @throws IllegalArgumentException if a value makes no sense, or the network is not found
     */
    static @Nullable HiresFix takenFrom(TextToImage text, ParameterReader values, ReplayFiles files) {
        SdxlOptions.Size size = values.size(SIZE);
        if (size == null && !values.has(SCALE)) {
            return null;
        }
        double scale = values.number(SCALE, 1);
        HiresFix plain = size == null ? by(text, scale) : to(text, size.width(), size.height());
        String title = values.text(UPSCALER, HiresUpscaler.usual().title());
        HiresUpscaler upscaler = HiresUpscaler.titled(title);
        return plain.with(upscaler != null ? upscaler : new HiresUpscaler.Network(files.file("upscaler", title)))
                .withStrength(values.number(Replay.STRENGTH, USUAL_STRENGTH))
                .withSteps(values.integer(STEPS, 0));
    }
}
