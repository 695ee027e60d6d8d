package dev.aquarelle.weights;

import dev.aquarelle.core.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The numbers of a tensor computed from its name and shape alone: uniform in {@code [center - amplitude, center + amplitude)}, drawn by SplitMix64
 * (Steele, Lea and Flood 2014) whose seed is the name's FNV-1a hash, rounded to 16-bit floats. Any element can be computed without those before it.
 *
 * <p>The amplitude keeps a signal's variance through a layer: {@code sqrt(3 / fanIn)}, half as much again for queries and keys, so that attention is
 * not flat. Biases are small, scales of normalizations near 1. What transformers add up grows by the square root of their depth, so that activations
 * stay far within 16-bit floats in SDXL too.
 *
 * @param seed state of SplitMix64 before the first number
 * @param center mean of the numbers
 * @param amplitude half the width of their range
 */
record Recipe(long seed, double center, double amplitude) {
    private static final ValueLayout.OfShort F16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long FNV_START = 0xCBF2_9CE4_8422_2325L;
    private static final long FNV_PRIME = 0x100_0000_01B3L;
    private static final long GOLDEN_GAMMA = 0x9E37_79B9_7F4A_7C15L;

    static Recipe of(String name, Shape shape) {
        long seed = seed(name);
        if (name.endsWith(".bias")) {
            return new Recipe(seed, 0, 0.05);
        }
        if (shape.rank() == 1) {
            return new Recipe(seed, 1, 0.1);
        }
        if (name.endsWith("token_embedding.weight")) {
            return new Recipe(seed, 0, 1);
        }
        if (name.endsWith("position_embedding.weight")) {
            return new Recipe(seed, 0, 0.3);
        }
        long fanIn = shape.size() / shape.dim(0);
        double spread = Math.sqrt(3.0 / fanIn);
        return new Recipe(seed, 0, isQueryOrKey(name) ? spread * 1.5 : spread);
    }

    private static boolean isQueryOrKey(String name) {
        String[] parts = name.split("\\.", -1);
        return parts.length > 1
                && switch (parts[parts.length - 2]) {
                    case "to_q", "to_k", "q_proj", "k_proj" -> true;
                    default -> false;
                };
    }

    private static long seed(String name) {
        long hash = FNV_START;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xFF)) * FNV_PRIME;
        }
        return hash;
    }

    /** Element {@code index} in row-major order, as the bits of a 16-bit float. */
    short at(long index) {
        long z = seed + (index + 1) * GOLDEN_GAMMA;
        z = (z ^ z >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
        z ^= z >>> 31;
        double unit = (z >>> 40) * 0x1p-23 - 1;
        return Float.floatToFloat16((float) (center + amplitude * unit));
    }

    /** All elements, little endian; in parallel. */
    void fill(MemorySegment data) {
        Blocks.forEach(data.byteSize() / 2, (from, to) -> {
            for (long i = from; i < to; i++) {
                data.set(F16, 2 * i, at(i));
            }
        });
    }
}
