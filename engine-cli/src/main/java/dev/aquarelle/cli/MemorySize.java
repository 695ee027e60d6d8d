package dev.aquarelle.cli;

import dev.aquarelle.core.memory.MemoryBudget;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads amounts of memory: {@code 4G}, {@code 512M}, {@code 1.5 GiB}; units are of 1024. */
final class MemorySize implements ITypeConverter<MemoryBudget> {
    private static final Pattern FORM =
            Pattern.compile("(\\d{1,9}(?:\\.\\d{1,6})?)\\s*([KMGT])(?:i?B)?", Pattern.CASE_INSENSITIVE);
    private static final String UNITS = "KMGT";

    @Override
    public MemoryBudget convert(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw new TypeConversionException("expected an amount such as 4G or 512M, found '%s'".formatted(text));
        }
        int unit = UNITS.indexOf(matcher.group(2).toUpperCase(Locale.ROOT)) + 1;
        return new MemoryBudget((long) (Double.parseDouble(matcher.group(1)) * Math.pow(1024, unit)));
    }
}
