package dev.aquarelle.sd.pipeline;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The parameters of a picture, read one by one: what nobody asked for is left in the end, and can be told. */
final class ParameterReader {
    private final Map<String, String> left;

    ParameterReader(Map<String, String> values) {
        this.left = new LinkedHashMap<>(values);
    }

    /** A value, or null if there is none. */
    @Nullable
    String text(String name) {
        return left.remove(name);
    }

    String text(String name, String absent) {
        String found = left.remove(name);
        return found == null ? absent : found;
    }

    /** Takes a value that says nothing new; another one stays. */
    void take(String name, String usual) {
        left.remove(name, usual);
    }

    boolean has(String name) {
        return left.containsKey(name);
    }

    /**
     * A number.
     *
     * @throws IllegalArgumentException if it is none
     */
    double number(String name, double absent) {
        String found = left.remove(name);
        try {
            return found == null ? absent : Double.parseDouble(found);
        } catch (NumberFormatException e) {
            throw mismatch(name, "a number", found);
        }
    }

    /**
     * A whole number.
     *
     * @throws IllegalArgumentException if it is none
     */
    int integer(String name, int absent) {
        return Math.toIntExact(whole(name, absent, Integer.MIN_VALUE, Integer.MAX_VALUE));
    }

    /**
     * A seed.
     *
     * @throws IllegalArgumentException if it is none
     */
    @Nullable
    Long seed(String name) {
        return left.containsKey(name) ? whole(name, 0, Long.MIN_VALUE, Long.MAX_VALUE) : null;
    }

    private long whole(String name, long absent, long least, long most) {
        String found = left.remove(name);
        try {
            long value = found == null ? absent : Long.parseLong(found);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw mismatch(name, "a whole number", found);
        }
        throw mismatch(name, "a number from %d to %d".formatted(least, most), found);
    }

    /**
     * A size such as {@code 512x768}; the parts that {@link dev.aquarelle.sd.image.GenerationParameters} makes of it go with it.
     *
     * @throws IllegalArgumentException if it is none
     */
    SdxlOptions.@Nullable Size size(String name) {
        String found = left.remove(name);
        left.remove(name + "-1");
        left.remove(name + "-2");
        if (found == null) {
            return null;
        }
        String[] sides = found.split("x", -1);
        try {
            if (sides.length == 2) {
                return new SdxlOptions.Size(Integer.parseInt(sides[0].strip()), Integer.parseInt(sides[1].strip()));
            }
        } catch (NumberFormatException e) {
            throw mismatch(name, "a size such as 512x768", found);
        }
        throw mismatch(name, "a size such as 512x768", found);
    }

    static IllegalArgumentException mismatch(String name, String expected, @Nullable String found) {
        return new IllegalArgumentException("parameters: %s: expected %s, found %s".formatted(name, expected, found));
    }

    /** The names that nobody asked for. */
    Set<String> left() {
        return left.keySet();
    }
}
