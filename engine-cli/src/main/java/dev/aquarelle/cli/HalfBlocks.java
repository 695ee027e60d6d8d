package dev.aquarelle.cli;

import dev.aquarelle.sd.image.Image;
import java.util.ArrayList;
import java.util.List;

/** Pictures as text: two pixels above one another in a character, by its foreground and background colour (24 bit). */
final class HalfBlocks {
    private static final String RESET = "\u001b[0m";

    private HalfBlocks() {}

    /** At most so many lines of so many characters, the picture made smaller if need be. */
    static List<String> of(Image image, int rows, int columns) {
        int step = Math.max(Math.ceilDiv(image.width(), columns), Math.ceilDiv(image.height(), 2 * rows));
        List<String> lines = new ArrayList<>();
        for (int y = 0; y < image.height(); y += 2 * step) {
            StringBuilder line = new StringBuilder();
            for (int x = 0; x + step <= image.width(); x += step) {
                line.append("\u001b[38;2;").append(colour(image, x, y, step));
                if (y + step < image.height()) {
                    line.append("\u001b[48;2;").append(colour(image, x, y + step, step));
                } else {
                    line.append("\u001b[49m");
                }
                line.append('▀');
            }
            lines.add(line.append(RESET).toString());
        }
        return lines;
    }

    /** The mean of a square, as the end of a colour sequence. */
    private static String colour(Image image, int left, int top, int side) {
        int red = 0;
        int green = 0;
        int blue = 0;
        int count = 0;
        for (int y = top; y < Math.min(top + side, image.height()); y++) {
            for (int x = left; x < left + side; x++) {
                int pixel = image.pixel(x, y);
                red += pixel >> 16;
                green += pixel >> 8 & 0xFF;
                blue += pixel & 0xFF;
                count++;
            }
        }
        return "%d;%d;%dm".formatted(red / count, green / count, blue / count);
    }
}
