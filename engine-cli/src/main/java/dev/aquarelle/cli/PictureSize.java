package dev.aquarelle.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A size as users type it: {@code 512x768}.
 *
 * @param width in pixels
 * @param height in pixels
 */
public record PictureSize(int width, int height) {
    private static final Pattern FORM = Pattern.compile("(\\d+)[xX×](\\d+)");

    private static final int MOST_DIGITS = 9; // the request knows the limit; here it shall be an int

    /** Reads one for the command line. */
    public static final class Converter implements ITypeConverter<PictureSize> {
        @Override
        public PictureSize convert(String text) {
            Matcher matcher = FORM.matcher(text);
            if (!matcher.matches()) {
                throw new TypeConversionException("expected WIDTHxHEIGHT such as 512x768, found '%s'".formatted(text));
            }
            return new PictureSize(side(matcher.group(1)), side(matcher.group(2)));
        }

        private static int side(String digits) {
            if (digits.length() > MOST_DIGITS) {
                throw new TypeConversionException("%s pixels are too many for a side".formatted(digits));
            }
            return Integer.parseInt(digits);
        }
    }
}
