package dev.aquarelle.ops.cpu;

/** One prepared operation of a program: it holds where its operands lie and how its work is split, and allocates nothing when run. */
@FunctionalInterface
interface Step {
    /** Does the work on the given threads; returns when all of it is done. */
    void run(Workers workers);

    /** How it computes, as in profiles: {@code winograd}. */
    default String kernel() {
        String name = getClass().getSimpleName().replaceFirst("Step$", "");
        return Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }

    /** Bytes of a second operand that it rearranges in each run. */
    default long packedBytes() {
        return 0;
    }
}
