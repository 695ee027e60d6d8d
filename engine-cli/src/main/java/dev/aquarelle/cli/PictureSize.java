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
    private static final Pattern FORM = Pattern.compile("(\\d{1,6})[xX×](\\d{1,6})");

    /** Reads one for the command line. */
    public static final class Converter implements ITypeConverter<PictureSize> {
        @Override
        public PictureSize convert(String text) {
            Matcher matcher = FORM.matcher(text);
            if (!matcher.matches()) {
                throw new TypeConversionException("expected WIDTHxHEIGHT such as 512x768, found '%s'".formatted(text));
            }
            return new PictureSize(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
        }
    }
}
