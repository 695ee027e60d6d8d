package dev.aquarelle.sd.upscale;

import java.util.ArrayList;
import java.util.List;

/**
 * How a large picture is cut: into squares that overlap, of which only the inner part is kept, so that a network sees what is around the
 * pixels it makes. What it sees ends at the square's edge, though: another size gives slightly other pixels. The size is therefore the
 * same on all machines and never chosen by the memory there is.
 *
 * @param size height and width of a square in pixels of the small picture
 */
public record Tiles(int size) {
    /** 192 pixels. */
    public static final Tiles DEFAULT = new Tiles(192);

    private static final int SMALLEST = 64;
    private static final int LARGEST = 512;
    private static final int GRID = 8; // where squares may begin, so that all that networks ask for divide it
    private static final int MARGIN = 16; // pixels that are seen, but not kept

    /**
     * @throws IllegalArgumentException if the size is no multiple of 8 from 64 to 512
     */
    public Tiles {
        if (size < SMALLEST || size > LARGEST || size % GRID != 0) {
            throw new IllegalArgumentException(
                    "tile: expected a multiple of %d from %d to %d, found %d".formatted(GRID, SMALLEST, LARGEST, size));
        }
    }

    /**
     * A tile's part of an axis, in pixels of the small picture.
     *
     * @param from where the tile begins
     * @param to where it ends
     * @param keepFrom the first pixel that is kept of it
     * @param keepTo the first pixel that is not
     */
    record Span(int from, int to, int keepFrom, int keepTo) {}

    /** The tiles along an axis; all are of the same length, and what is kept of them covers the axis once. */
    List<Span> along(int length) {
        if (length <= size) {
            return List.of(new Span(0, length, 0, length));
        }
        List<Span> spans = new ArrayList<>();
        int kept = 0;
        for (int from = 0; kept < length; from += size - 2 * MARGIN) {
            int begin = Math.min(from, length - size); // the last one lies as far in as it has to
            int end = begin + size;
            int keepTo = end == length ? length : end - MARGIN;
            spans.add(new Span(begin, end, kept, keepTo));
            kept = keepTo;
        }
        return spans;
    }
}
