package dev.aquarelle.core.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The type of a tensor's numbers, stored little endian, dense. Arithmetic is done in {@link #F32}; the narrower floating-point
 * types are for storage and are widened exactly where they are read.
 */
public enum DType {
    F64(8, true),
    F32(4, true),
    F16(2, true),
    BF16(2, true),
    /** 4 exponent bits, 3 mantissa bits, no infinities (the "fn" variant of OCP 8-bit floating point). */
    F8_E4M3(1, true),
    /** 5 exponent bits, 2 mantissa bits, IEEE-like with infinities (OCP 8-bit floating point). */
    F8_E5M2(1, true),
    I64(8, false),
    I32(4, false),
    I16(2, false),
    I8(1, false),
    U64(8, false),
    U32(4, false),
    U16(2, false),
    U8(1, false),
    /** One byte each: 0 is false, anything else is true. */
    BOOL(1, false);

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int bytes;
    private final boolean floatingPoint;

    DType(int bytes, boolean floatingPoint) {
        this.bytes = bytes;
        this.floatingPoint = floatingPoint;
    }

    /** Bytes one number takes. */
    public int bytes() {
        return bytes;
    }

    /** Whether this is one of the floating-point types. */
    public boolean isFloatingPoint() {
        return floatingPoint;
    }

    /**
     * Bytes that {@code count} numbers take.
     *
     * @throws TensorException if that is more than a {@code long} holds
     */
    public long bytesFor(long count) {
        long high = Math.multiplyHigh(count, bytes);
        long low = count * bytes;
        if (count < 0 || high != 0 || low < 0) {
            throw new TensorException("%d numbers of type %s are more bytes than a long counts".formatted(count, this));
        }
        return low;
    }

    /**
     * The number at {@code index} of a dense block as a float: exact for the floating-point types up to {@link #F32}, rounded to
     * nearest for {@link #F64} and wide integers.
     */
    public float readFloat(MemorySegment data, long index) {
        return switch (this) {
            case F32 -> data.get(FLOAT, index * 4);
            case F16 -> Float.float16ToFloat(data.get(SHORT, index * 2));
            case BF16 -> Float.intBitsToFloat(data.get(SHORT, index * 2) << 16);
            case F8_E4M3 -> e4m3ToFloat(data.get(ValueLayout.JAVA_BYTE, index));
            case F8_E5M2 -> Float.float16ToFloat((short) (data.get(ValueLayout.JAVA_BYTE, index) << 8));
            case F64 -> (float) data.get(DOUBLE, index * 8);
            case U64 -> unsignedToFloat(data.get(LONG, index * 8));
            case I64, I32, I16, I8, U32, U16, U8, BOOL -> (float) readLong(data, index);
        };
    }

    /** The number at {@code index} of a dense block as a double: exact for all types but wide integers, which are rounded to nearest. */
    public double readDouble(MemorySegment data, long index) {
        return switch (this) {
            case F64 -> data.get(DOUBLE, index * 8);
            case F32, F16, BF16, F8_E4M3, F8_E5M2 -> readFloat(data, index);
            case U64 -> unsignedToDouble(data.get(LONG, index * 8));
            case I64, I32, I16, I8, U32, U16, U8, BOOL -> (double) readLong(data, index);
        };
    }

    /**
     * The integer at {@code index} of a dense block; {@link #BOOL} is 0 or 1. A {@link #U64} from 2<sup>63</sup> on comes as its bits, a
     * negative long.
     *
     * @throws TensorException if this is a floating-point type
     */
    public long readLong(MemorySegment data, long index) {
        return switch (this) {
            case I64, U64 -> data.get(LONG, index * 8);
            case I32 -> data.get(INT, index * 4);
            case I16 -> data.get(SHORT, index * 2);
            case I8 -> data.get(ValueLayout.JAVA_BYTE, index);
            case U32 -> data.get(INT, index * 4) & 0xFFFF_FFFFL;
            case U16 -> data.get(SHORT, index * 2) & 0xFFFF;
            case U8 -> data.get(ValueLayout.JAVA_BYTE, index) & 0xFF;
            case BOOL -> data.get(ValueLayout.JAVA_BYTE, index) != 0 ? 1 : 0;
            case F64, F32, F16, BF16, F8_E4M3, F8_E5M2 ->
                throw new TensorException("expected a tensor of integers, found " + this);
        };
    }

    /** Halved with the lost bit kept sticky, so that the conversion rounds to nearest once. */
    private static float unsignedToFloat(long bits) {
        return bits >= 0 ? (float) bits : (float) (bits >>> 1 | bits & 1) * 2;
    }

    private static double unsignedToDouble(long bits) {
        return bits >= 0 ? (double) bits : (double) (bits >>> 1 | bits & 1) * 2;
    }

    private static float e4m3ToFloat(byte bits) {
        int exponent = (bits >> 3) & 0xF;
        int mantissa = bits & 0x7;
        float magnitude;
        if (exponent == 0xF && mantissa == 7) {
            magnitude = Float.NaN;
        } else if (exponent == 0) {
            magnitude = mantissa * 0x1p-9f;
        } else {
            magnitude = Float.intBitsToFloat((exponent + 120) << 23 | mantissa << 20);
        }
        return bits < 0 ? -magnitude : magnitude;
    }
}
