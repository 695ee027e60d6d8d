package dev.aquarelle.sd.pipeline;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What only SDXL is told (arXiv:2307.01952, section 2.2); other models take no notice. What is {@code null} follows from the request.
 *
 * @param prompt2 for the second text encoder; the prompt if {@code null}
 * @param negativePrompt2 likewise
 * @param originalSize of the training picture that the result shall look like; small ones look blurred
 * @param cropTop rows cut from it above: 0 for subjects in the middle
 * @param cropLeft columns cut from it on the left
 * @param targetSize of what is shown of it
 * @param aestheticScore how beautiful, about 1 to 10; for the refiner alone
 * @param negativeAestheticScore what guidance leads away from
 */
public record SdxlOptions(
        @Nullable String prompt2,
        @Nullable String negativePrompt2,
        @Nullable Size originalSize,
        int cropTop,
        int cropLeft,
        @Nullable Size targetSize,
        double aestheticScore,
        double negativeAestheticScore) {

    /** Everything as the request says, and diffusers' scores. */
    public static final SdxlOptions DEFAULT = new SdxlOptions(null, null, null, 0, 0, null, 6, 2.5);

    /** A size in pixels. */
    public record Size(int width, int height) {
        /**
         * @throws IllegalArgumentException if a side is not positive
         */
        public Size {
            if (width <= 0 || height <= 0) {
                throw new IllegalArgumentException(
                        "size: expected positive sides, found %d x %d".formatted(width, height));
            }
        }

        /** {@code 1024x768}. */
        @Override
        public String toString() {
            return width + "x" + height;
        }
    }

    /** With texts of their own for the second text encoder. */
    public SdxlOptions withPrompts(@Nullable String prompt2, @Nullable String negativePrompt2) {
        return new SdxlOptions(
                prompt2,
                negativePrompt2,
                originalSize,
                cropTop,
                cropLeft,
                targetSize,
                aestheticScore,
                negativeAestheticScore);
    }

    /** With other sizes. */
    public SdxlOptions withSizes(@Nullable Size originalSize, int cropTop, int cropLeft, @Nullable Size targetSize) {
        return new SdxlOptions(
                prompt2,
                negativePrompt2,
                originalSize,
                cropTop,
                cropLeft,
                targetSize,
                aestheticScore,
                negativeAestheticScore);
    }

    /** Adds what is not left to the request to the parameters of a picture. */
    void putInto(Map<String, String> values) {
        putIfPresent(values, "Prompt 2", prompt2);
        putIfPresent(values, "Negative prompt 2", negativePrompt2);
        putIfPresent(values, "Original size", originalSize);
        putIfPresent(values, "Target size", targetSize);
        if (cropTop != 0 || cropLeft != 0) {
            values.put("Crop top", Integer.toString(cropTop));
            values.put("Crop left", Integer.toString(cropLeft));
        }
        if (aestheticScore != DEFAULT.aestheticScore || negativeAestheticScore != DEFAULT.negativeAestheticScore) {
            values.put("Aesthetic score", Double.toString(aestheticScore));
            values.put("Negative aesthetic score", Double.toString(negativeAestheticScore));
        }
    }

    private static void putIfPresent(Map<String, String> values, String name, @Nullable Object value) {
        if (value != null) {
            values.put(name, value.toString());
        }
    }

    /** What {@link #putInto} said, taken out of the parameters. */
    static SdxlOptions takenFrom(ParameterReader values) {
        return new SdxlOptions(
                values.text("Prompt 2"),
                values.text("Negative prompt 2"),
                values.size("Original size"),
                values.integer("Crop top", 0),
                values.integer("Crop left", 0),
                values.size("Target size"),
                values.number("Aesthetic score", DEFAULT.aestheticScore),
                values.number("Negative aesthetic score", DEFAULT.negativeAestheticScore));
    }

    /**
     * The numbers a denoiser takes.
     *
     * @param count 6 for the base model, 5 for the refiner
     * @param negative whether they are what guidance leads away from
     */
    public float[] timeIds(int count, int width, int height, boolean negative) {
        Size picture = new Size(width, height);
        Size original = originalSize == null ? picture : originalSize;
        Size target = targetSize == null ? picture : targetSize;
        float score = (float) (negative ? negativeAestheticScore : aestheticScore);
        return count == 5
                ? new float[] {original.height, original.width, cropTop, cropLeft, score}
                : new float[] {original.height, original.width, cropTop, cropLeft, target.height, target.width};
    }
}
