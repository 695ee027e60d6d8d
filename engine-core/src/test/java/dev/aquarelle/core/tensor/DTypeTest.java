package dev.aquarelle.core.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers are widened exactly, at any byte offset; what cannot be exact is rounded to nearest once. */
class DTypeTest {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    @Test
    void everyCodeOfE4m3() {
        for (int code = 0; code < 256; code++) {
            double expected = (code & 0x7F) == 0x7F ? Double.NaN : minifloat(code, 4, 3, 7);
            assertThat(read(DType.F8_E4M3, code)).as("code %d", code).isEqualTo(Float.valueOf((float) expected));
        }
        assertThat(read(DType.F8_E4M3, 0x7E)).isEqualTo(448);
    }

    @Test
    void everyCodeOfE5m2() {
        for (int code = 0; code < 256; code++) {
            int magnitude = code & 0x7F;
            double expected =
                    magnitude > 0x7C ? Double.NaN : magnitude == 0x7C ? infinity(code) : minifloat(code, 5, 2, 15);
            assertThat(read(DType.F8_E5M2, code)).as("code %d", code).isEqualTo(Float.valueOf((float) expected));
        }
    }

    @Test
    void everyCodeOfF16AndBf16() {
        for (int code = 0; code < 65536; code++) {
            int sign = code >>> 15 << 7;
            int exponent = code >>> 10 & 0x1F;
            double f16 = exponent < 31 ? minifloat16(code) : (code & 0x3FF) != 0 ? Double.NaN : infinity(sign);
            assertThat(read(DType.F16, code)).as("F16 %04x", code).isEqualTo(Float.valueOf((float) f16));
            assertThat(read(DType.BF16, code))
                    .as("BF16 %04x", code)
                    .isEqualTo(Float.valueOf(Float.intBitsToFloat(code << 16)));
        }
    }

    @ParameterizedTest
    @ValueSource(
            longs = {
                0,
                1,
                -1,
                Long.MIN_VALUE,
                Long.MAX_VALUE,
                Long.MIN_VALUE + 1,
                0x8000008000000000L,
                0x8000008000000001L,
                0xFFFFFF7FFFFFFFFFL,
                0x8000000000000401L
            })
    void wideUnsignedIntegersRoundToNearest(long bits) {
        BigDecimal exact = new BigDecimal(new BigInteger(Long.toUnsignedString(bits)));

        assertThat(read(DType.U64, bits)).isEqualTo(exact.floatValue());
        assertThat(DType.U64.readDouble(segment(bits), 0)).isEqualTo(exact.doubleValue());
        assertThat(DType.U64.readLong(segment(bits), 0)).isEqualTo(bits);
    }

    @Test
    void integersKeepTheirSignOrHaveNone() {
        long ones = -1;
        assertThat(DType.I8.readLong(segment(ones), 0)).isEqualTo(-1);
        assertThat(DType.U8.readLong(segment(ones), 0)).isEqualTo(255);
        assertThat(DType.I16.readLong(segment(ones), 0)).isEqualTo(-1);
        assertThat(DType.U16.readLong(segment(ones), 0)).isEqualTo(65535);
        assertThat(DType.I32.readLong(segment(ones), 0)).isEqualTo(-1);
        assertThat(DType.U32.readLong(segment(ones), 0)).isEqualTo(4294967295L);
        assertThat(DType.BOOL.readLong(segment(ones), 0)).isEqualTo(1);
        assertThatThrownBy(() -> DType.F32.readLong(segment(ones), 0)).isInstanceOf(TensorException.class);
    }

    @ParameterizedTest
    @EnumSource
    void anyByteMayBeTheFirst(DType dtype) {
        byte[] bytes = new byte[3 + 2 * dtype.bytes()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i + 40);
        }
        MemorySegment odd = MemorySegment.ofArray(bytes).asSlice(3);
        MemorySegment aligned = MemorySegment.ofArray(odd.toArray(ValueLayout.JAVA_BYTE));

        assertThat(dtype.readDouble(odd, 1)).isEqualTo(dtype.readDouble(aligned, 1));
    }

    @Test
    void bytesAreCountedWithoutOverflow() {
        assertThat(DType.F64.bytesFor(1L << 59)).isEqualTo(1L << 62);
        assertThatThrownBy(() -> DType.F64.bytesFor(1L << 60)).isInstanceOf(TensorException.class);
        assertThatThrownBy(() -> DType.U8.bytesFor(-1)).isInstanceOf(TensorException.class);
    }

    private static float read(DType dtype, long bits) {
        return dtype.readFloat(segment(bits), 0);
    }

    private static MemorySegment segment(long bits) {
        MemorySegment segment = MemorySegment.ofArray(new byte[8]);
        segment.set(LONG, 0, bits);
        return segment;
    }

    private static double infinity(int code) {
        return (code & 0x80) != 0 ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }

    private static double minifloat16(int code) {
        int exponent = code >>> 10 & 0x1F;
        int mantissa = code & 0x3FF;
        double magnitude = exponent == 0 ? mantissa * 0x1p-24 : (1024 + mantissa) * Math.pow(2, exponent - 25);
        return (code & 0x8000) != 0 ? -magnitude : magnitude;
    }

    /** An 8-bit code by the definition: sign, exponent with a bias, mantissa with a hidden bit unless the exponent is 0. */
    private static double minifloat(int code, int exponentBits, int mantissaBits, int bias) {
        int exponent = code >>> mantissaBits & (1 << exponentBits) - 1;
        double mantissa = (code & (1 << mantissaBits) - 1) / (double) (1 << mantissaBits);
        double magnitude =
                exponent == 0 ? mantissa * Math.pow(2, 1 - bias) : (1 + mantissa) * Math.pow(2, exponent - bias);
        return (code & 0x80) != 0 ? -magnitude : magnitude;
    }
}
