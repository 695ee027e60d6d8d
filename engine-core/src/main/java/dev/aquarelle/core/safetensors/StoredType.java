package dev.aquarelle.core.safetensors;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.TensorException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A type that a safetensors file may have numbers of. Some of them the engine knows the size of but not the numbers: a file with such
 * a tensor is in order, and what else is in it can be read.
 *
 * @param name as the file has it
 * @param bits that one number takes
 * @param dtype what the engine reads; null if it cannot
 */
record StoredType(String name, int bits, @Nullable DType dtype) {
    private static final Map<String, StoredType> ALL = new LinkedHashMap<>();

    static {
        for (DType dtype : DType.values()) {
            ALL.put(dtype.name(), new StoredType(dtype.name(), Byte.SIZE * dtype.bytes(), dtype));
        }
        Map<String, Integer> unread = new LinkedHashMap<>();
        unread.put("C64", 64); // two floats, a complex number
        unread.put("F8_E8M0", 8); // the scales of OCP's microscaling formats, and their numbers
        unread.put("F6_E2M3", 6);
        unread.put("F6_E3M2", 6);
        unread.put("F4", 4);
        unread.put("F8_E4M3FNUZ", 8); // arXiv:2206.02915
        unread.put("F8_E5M2FNUZ", 8);
        unread.forEach((name, bits) -> ALL.put(name, new StoredType(name, bits, null)));
    }

    /** The type of a name, or null if there is none. */
    static @Nullable StoredType of(String name) {
        return ALL.get(name);
    }

    /** The names of all. */
    static Collection<String> names() {
        return ALL.keySet();
    }

    /**
     * Bytes that {@code count} numbers take.
     *
     * @throws TensorException if that is no whole number, or more than a {@code long} holds
     */
    long bytesFor(long count) {
        if (dtype != null) {
            return dtype.bytesFor(count);
        }
        if (count > Long.MAX_VALUE / bits) {
            throw new TensorException("%d numbers of type %s are more bytes than a long counts".formatted(count, name));
        }
        if (count * bits % Byte.SIZE != 0) {
            throw new TensorException("%d numbers of type %s do not fill their last byte".formatted(count, name));
        }
        return count * bits / Byte.SIZE;
    }

    /** Its name. */
    @Override
    public String toString() {
        return name;
    }
}
