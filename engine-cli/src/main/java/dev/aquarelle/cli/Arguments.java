package dev.aquarelle.cli;

import java.math.BigInteger;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How arguments become numbers and paths, for all commands; what is wrong is said without the names of Java's types. */
final class Arguments {
    /** What the JVM makes of bytes that are no letters in the locale's character set. */
    private static final char UNREADABLE = '\ufffd';

    private Arguments() {}

    /** Teaches a command and those below it. */
    static void register(CommandLine line) {
        ITypeConverter<Integer> ints = text -> whole(text, BigInteger::intValueExact);
        ITypeConverter<Long> longs = text -> whole(text, BigInteger::longValueExact);
        line.registerConverter(Integer.class, ints)
                .registerConverter(int.class, ints)
                .registerConverter(Long.class, longs)
                .registerConverter(long.class, longs)
                .registerConverter(Double.class, Arguments::number)
                .registerConverter(double.class, Arguments::number)
                .registerConverter(Path.class, Arguments::path);
    }

    private static <T> T whole(String text, Function<BigInteger, T> exactly) {
        BigInteger number;
        try {
            number = new BigInteger(text);
        } catch (NumberFormatException e) {
            throw new TypeConversionException("'%s' is not a whole number".formatted(text));
        }
        try {
            return exactly.apply(number);
        } catch (ArithmeticException e) {
            throw new TypeConversionException("%s is too large a number".formatted(text));
        }
    }

    private static Double number(String text) {
        try {
            return Double.valueOf(text);
        } catch (NumberFormatException e) {
            throw new TypeConversionException("'%s' is not a number".formatted(text));
        }
    }

    private static Path path(String text) {
        if (text.isEmpty()) {
            throw new TypeConversionException("expected a path, found nothing");
        }
        if (isUnreadable(text)) {
            throw new TypeConversionException("expected a path, found " + unreadable());
        }
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new TypeConversionException("'%s' is no path here: %s".formatted(text, e.getReason()));
        }
    }

    /**
     * Refuses an option that makes no sense alone.
     *
     * @param needed the option that would have to stand beside it
     */
    static void requireAbsent(String option, @Nullable Object value, String needed) {
        if (value != null) {
            throw new IllegalArgumentException("%s: expected %s beside it, found none".formatted(option, needed));
        }
    }

    /** Whether letters were lost on the way here: what they would have stood for is another thing. */
    static boolean isUnreadable(String text) {
        return text.indexOf(UNREADABLE) >= 0;
    }

    /** What messages call such letters. */
    static String unreadable() {
        return "bytes that are no letters in this locale; LC_ALL=C.UTF-8 lets Java read UTF-8";
    }
}
