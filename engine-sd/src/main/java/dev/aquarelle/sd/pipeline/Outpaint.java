package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.image.Canvas;
import dev.aquarelle.sd.image.Image;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * A picture continued beyond its edges: it is laid on a larger canvas with its mirror images around it, and what is not the picture is painted
 * as an {@link Inpaint}. Its own pixels stay as they are but for a seam along the edges.
 *
 * <pre>{@code
 * new Outpaint(TextToImage.of("a beach"), beach, Margins.of(0, 0, 64, 64), 1)
 * }</pre>
 *
 * @param text prompt and settings; a size, if it says one, is that of the result
 * @param image the picture
 * @param margins how much is added
 * @param strength how much of the mirror images becomes new: above 0, to 1 for all
 * @param overlap pixels of the picture along its edges that are painted anew too, and again as many over which they fade into the original
 */
public record Outpaint(TextToImage text, Image image, Margins margins, double strength, int overlap)
        implements PictureRequest {
    /** A latent's width. */
    private static final int GRID = 8;

    private static final int USUAL_OVERLAP = 8;
    private static final int LARGEST_OVERLAP = 256;
    private static final int WHITE = 255;

    private static final String MARGINS = "Outpaint";
    private static final String OVERLAP = "Outpaint overlap";

    /**
     * Pixels that are added to a picture.
     *
     * @param left beside it
     * @param top above it
     * @param right beside it
     * @param bottom below it
     */
    public record Margins(int left, int top, int right, int bottom) {
        /**
         * @throws IllegalArgumentException if one is below 0 or more than a picture can have, or all are 0
         */
        public Margins {
            for (int margin : new int[] {left, top, right, bottom}) {
                if (margin < 0 || margin > TextToImage.LARGEST_SIDE) {
                    throw new IllegalArgumentException("outpaint: expected margins of 0 to %d pixels, found %d"
                            .formatted(TextToImage.LARGEST_SIDE, margin));
                }
            }
            if (left + top + right + bottom == 0) {
                throw new IllegalArgumentException("outpaint: expected a margin above 0, found none");
            }
        }

        /** So many on each side. */
        public static Margins of(int left, int top, int right, int bottom) {
            return new Margins(left, top, right, bottom);
        }

        /** Enlarged so that a picture with them has sides that are multiples of 8, the right and the lower one first. */
        Margins around(Image image) {
            int across = missing("width", left + right, image.width());
            int down = missing("height", top + bottom, image.height());
            return new Margins(
                    right == 0 ? left + across : left,
                    bottom == 0 ? top + down : top,
                    right == 0 ? right : right + across,
                    bottom == 0 ? bottom : bottom + down);
        }

        private static int missing(String side, int added, int pixels) {
            int missing = Math.floorMod(-(added + pixels), GRID);
            if (missing > 0 && added == 0) {
                throw new IllegalArgumentException(
                        "outpaint: %s: expected a multiple of %d where no margin is added, found %d"
                                .formatted(side, GRID, pixels));
            }
            return missing;
        }

        /** As text: {@code left=0 top=0 right=64 bottom=0}. */
        @Override
        public String toString() {
            return "left=%d top=%d right=%d bottom=%d".formatted(left, top, right, bottom);
        }
    }

    /**
     * @throws IllegalArgumentException if a number is outside of its range, the result would be too large, or a side of the picture without a
     *     margin is no multiple of 8
     */
    public Outpaint {
        ImageToImage.requireStrength(strength);
        if (overlap < 0 || overlap > LARGEST_OVERLAP) {
            throw new IllegalArgumentException(
                    "outpaint overlap: expected 0 to %d pixels, found %d".formatted(LARGEST_OVERLAP, overlap));
        }
        margins = margins.around(image);
        long width = (long) image.width() + margins.left + margins.right;
        long height = (long) image.height() + margins.top + margins.bottom;
        if (Math.max(width, height) > TextToImage.LARGEST_SIDE) {
            throw new IllegalArgumentException("outpaint: expected a result of at most %d pixels a side, found %d x %d"
                    .formatted(TextToImage.LARGEST_SIDE, width, height));
        }
    }

    /**
     * With the usual overlap.
     *
     * @throws IllegalArgumentException as the other constructor
     */
    public Outpaint(TextToImage text, Image image, Margins margins, double strength) {
        this(text, image, margins, strength, USUAL_OVERLAP);
    }

    /**
     * The request that paints it: canvas and mask, the original's pixels put back.
     *
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if the Java heap cannot hold them; nothing has been allocated then
     */
    public Inpaint inpaint() {
        int width = image.width() + margins.left + margins.right;
        int height = image.height() + margins.top + margins.bottom;
        MachineMemory.requireCanvas(width, height, text.batch());
        Image canvas = Canvas.MIRROR.extended(image, width, height, margins.left, margins.top);
        return new Inpaint(text, canvas, mask(width, height), strength, new MaskUse(overlap / 2.0, false, true));
    }

    private Image mask(int width, int height) {
        int left = margins.left == 0 ? 0 : margins.left + overlap;
        int top = margins.top == 0 ? 0 : margins.top + overlap;
        int right = margins.right == 0 ? width : width - margins.right - overlap;
        int bottom = margins.bottom == 0 ? height : height - margins.bottom - overlap;
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < rgb.length; i++) {
            int x = i / 3 % width;
            int y = i / 3 / width;
            rgb[i] = (byte) (x >= left && x < right && y >= top && y < bottom ? 0 : WHITE);
        }
        return Image.of(width, height, rgb);
    }

    /** Writes what the picture's file says of it. */
    void putInto(SequencedMap<String, String> values) {
        values.put(Replay.STRENGTH, SettledRequest.number(strength));
        values.put(MARGINS, margins.toString());
        values.put(OVERLAP, Integer.toString(overlap));
    }

    /**
     * What {@link #putInto} said, taken out of the parameters; {@code null} if they tell of something else.
     *
     * @param image the picture that was continued
     * @throws IllegalArgumentException if a value makes no sense
     */
    static @Nullable Outpaint takenFrom(TextToImage text, Image image, ParameterReader values) {
        String margins = values.text(MARGINS);
        if (margins == null) {
            return null;
        }
        if (!margins.matches("left=\\d{1,5} top=\\d{1,5} right=\\d{1,5} bottom=\\d{1,5}")) {
            throw ParameterReader.mismatch(MARGINS, "left=N top=N right=N bottom=N", margins);
        }
        String[] numbers = margins.replaceAll("[a-z=]", "").split(" ", -1);
        return new Outpaint(
                text,
                image,
                new Margins(
                        Integer.parseInt(numbers[0]),
                        Integer.parseInt(numbers[1]),
                        Integer.parseInt(numbers[2]),
                        Integer.parseInt(numbers[3])),
                values.number(Replay.STRENGTH, 1),
                values.integer(OVERLAP, USUAL_OVERLAP));
    }
}
