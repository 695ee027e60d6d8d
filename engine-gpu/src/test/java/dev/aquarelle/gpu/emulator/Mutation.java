package dev.aquarelle.gpu.emulator;

import dev.aquarelle.gpu.plan.Kernel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task5;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * One mistake put into the kernels: a barrier left out, an index or a bound off by one.
 *
 * @param type the class of the kernels that it is in
 * @param method and line, to find it in the source
 * @param kind what is done there
 * @param index of the instruction among those of its kind in the class
 */
record Mutation(String type, String method, int line, Kind kind, int index) {
    private static final String PACKAGE = Kernel.class.getPackageName().replace(".plan", ".kernels") + ".";

    private static final Class<?>[] SIGNATURE = {
        KernelContext.class, IntArray.class, FloatArray.class, ShortArray.class, FloatArray.class
    };

    /** What can be wrong with an instruction. */
    enum Kind {
        /** The work items do not wait for each other. */
        NO_BARRIER,
        /** A sum, most often an index, is one too large. */
        SUM_PLUS_ONE,
        /** Less than, where it was less or equal, and the other way round. */
        BOUND_OFF_BY_ONE;

        static Optional<Kind> of(CodeElement element) {
            return switch (element) {
                case InvokeInstruction call when call.name().equalsString("localBarrier") -> Optional.of(NO_BARRIER);
                case OperatorInstruction sum when sum.opcode() == Opcode.IADD -> Optional.of(SUM_PLUS_ONE);
                case BranchInstruction branch when other(branch.opcode()).isPresent() -> Optional.of(BOUND_OFF_BY_ONE);
                default -> Optional.empty();
            };
        }

        private static Optional<Opcode> other(Opcode comparison) {
            return switch (comparison) {
                case IF_ICMPLT -> Optional.of(Opcode.IF_ICMPLE);
                case IF_ICMPLE -> Optional.of(Opcode.IF_ICMPLT);
                case IF_ICMPGE -> Optional.of(Opcode.IF_ICMPGT);
                case IF_ICMPGT -> Optional.of(Opcode.IF_ICMPGE);
                default -> Optional.empty();
            };
        }

        void replace(CodeBuilder code, Instruction instruction) {
            switch (this) {
                case NO_BARRIER -> code.pop();
                case SUM_PLUS_ONE -> code.with(instruction).iconst_1().iadd();
                case BOUND_OFF_BY_ONE -> {
                    BranchInstruction branch = (BranchInstruction) instruction;
                    code.branch(other(branch.opcode()).orElseThrow(), branch.target());
                }
            }
        }
    }

    /** All that are possible in a class of kernels. */
    static List<Mutation> all(String type) {
        List<Mutation> mutations = new ArrayList<>();
        Map<Kind, Integer> counts = new EnumMap<>(Kind.class);
        ClassFile.of()
                .parse(bytes(PACKAGE + type))
                .methods()
                .forEach(method -> method.code().filter(_ -> isOnDevice(method)).ifPresent(code -> {
                    int line = 0;
                    for (CodeElement element : code) {
                        if (element instanceof LineNumber number) {
                            line = number.line();
                        }
                        Optional<Kind> kind = Kind.of(element);
                        if (kind.isPresent()) {
                            String name = method.methodName().stringValue();
                            mutations.add(new Mutation(
                                    type, name, line, kind.get(), counts.merge(kind.get(), 1, Integer::sum) - 1));
                        }
                    }
                }));
        return mutations;
    }

    private static boolean isOnDevice(MethodModel method) {
        return !method.methodName().equalsString("writeTable"); // which the host calls
    }

    /** The kernels with this mistake. */
    Function<Kernel, Task5<KernelContext, IntArray, FloatArray, ShortArray, FloatArray>> kernels() {
        ClassLoader loader = new ClassLoader(Mutation.class.getClassLoader()) {
            @Override
            protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
                Class<?> loaded = findLoadedClass(name);
                if (loaded != null || !name.startsWith(PACKAGE)) {
                    return loaded != null ? loaded : super.loadClass(name, resolve);
                }
                byte[] bytes = name.equals(PACKAGE + type) ? mutated(bytes(name)) : bytes(name);
                return defineClass(name, bytes, 0, bytes.length);
            }
        };
        return kernel -> {
            Method method = method(kernel, loader);
            return (context, numbers, floats, halves, values) -> call(method, context, numbers, floats, halves, values);
        };
    }

    /** What it is called where single ones are listed. */
    String key() {
        return "%s %s %d".formatted(type, kind, index);
    }

    @Override
    public String toString() {
        return "%s.%s, line %d, %s %d".formatted(type, method, line, kind, index);
    }

    private byte[] mutated(byte[] bytes) {
        int[] count = {0};
        ClassFile file = ClassFile.of();
        return file.transformClass(
                file.parse(bytes), ClassTransform.transformingMethodBodies(Mutation::isOnDevice, (code, element) -> {
                    if (Kind.of(element)
                            .filter(found -> found == kind && count[0]++ == index)
                            .isPresent()) {
                        kind.replace(code, (Instruction) element);
                    } else {
                        code.with(element);
                    }
                }));
    }

    private static byte[] bytes(String name) {
        String path = "/" + name.replace('.', '/') + ".class";
        try (InputStream in = Mutation.class.getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalArgumentException("no class " + path);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@code UPSAMPLE_NEAREST} is {@code Moves.upsampleNearest}. */
    private static Method method(Kernel kernel, ClassLoader loader) {
        String name = kernel.name().toLowerCase(Locale.ROOT);
        for (int at = name.indexOf('_'); at >= 0; at = name.indexOf('_')) {
            name = name.substring(0, at) + Character.toUpperCase(name.charAt(at + 1)) + name.substring(at + 2);
        }
        for (String type : List.of("Products", "Attention", "Norms", "Maps", "Moves")) {
            for (Method method : load(type, loader).getMethods()) {
                if (method.getName().equals(name) && Arrays.equals(method.getParameterTypes(), SIGNATURE)) {
                    return method;
                }
            }
        }
        throw new IllegalArgumentException("no method for " + kernel);
    }

    private static Class<?> load(String type, ClassLoader loader) {
        try {
            return loader.loadClass(PACKAGE + type);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void call(Method method, Object... arguments) {
        try {
            method.invoke(null, arguments);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(e.getCause());
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }
}
