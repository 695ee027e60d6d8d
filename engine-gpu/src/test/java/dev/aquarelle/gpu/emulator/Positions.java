package dev.aquarelle.gpu.emulator;

import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.KernelContext;

/** Places of work items, which TornadoVM's class has as constants: its compiler replaces them. */
final class Positions {
    private static final Field[] FIELDS = Stream.of(
                    "globalIdx",
                    "globalIdy",
                    "globalIdz",
                    "groupIdx",
                    "groupIdy",
                    "groupIdz",
                    "localIdx",
                    "localIdy",
                    "localIdz")
            .map(Positions::field)
            .toArray(Field[]::new);

    private Positions() {}

    private static Field field(String name) {
        try {
            Field field = KernelContext.class.getField(name);
            field.setAccessible(true);
            return field;
        } catch (NoSuchFieldException e) {
            throw new IllegalStateException(e);
        }
    }

    static void set(KernelContext context, int... positions) {
        if (positions.length != FIELDS.length) {
            throw new IllegalArgumentException(Arrays.toString(positions));
        }
        try {
            for (int i = 0; i < positions.length; i++) {
                FIELDS[i].set(context, positions[i]);
            }
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }
}
