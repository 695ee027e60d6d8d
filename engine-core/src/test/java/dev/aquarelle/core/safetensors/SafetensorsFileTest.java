package dev.aquarelle.core.safetensors;

import static dev.aquarelle.core.safetensors.SafetensorsBytes.ONE_TENSOR;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A well-formed file is read as it is, anything else is refused with a message that names the file. */
class SafetensorsFileTest {
    @TempDir
    Path folder;

    @Test
    void tensorsAreViewsOfTheFile() throws IOException {
        byte[] bytes = SafetensorsBytes.of(
                "{'__metadata__':{'format':'pt'},'b':{'shape':[2,2],'data_offsets':[3,11],'dtype':'F16'},'a':{'dtype':'U8','shape':[3],'data_offsets':[0,3]},'e':{'dtype':'F32','shape':[0,7],'data_offsets':[3,3]}}"
                    + " \n",
                11);

        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile file = SafetensorsFile.open(SafetensorsBytes.write(folder, bytes), arena);

            assertThat(file.names()).containsExactly("b", "a", "e");
            assertThat(file.metadata()).isEqualTo(Map.of("format", "pt"));
            assertThat(file.tensor("a").toIntArray()).containsExactly(1, 2, 3);
            assertThat(file.tensor("b").dtype()).isEqualTo(DType.F16);
            assertThat(file.tensor("b").shape()).isEqualTo(Shape.of(2, 2));
            assertThat(file.tensor("b").getFloat(0)).isEqualTo(Float.float16ToFloat((short) 0x0504));
            assertThat(file.tensor("b").data().isReadOnly()).isTrue();
            assertThat(file.tensor("e").shape().size()).isZero();
            assertThatThrownBy(() -> file.tensor("c"))
                    .isInstanceOf(SafetensorsException.class)
                    .hasMessageMatching("c: missing in .*model.safetensors");
        }
    }

    @Test
    void aClosedFileIsNotRead() throws IOException {
        SafetensorsFile file;
        Tensor tensor;
        try (Arena arena = Arena.ofShared()) {
            file = SafetensorsFile.open(SafetensorsBytes.write(folder, SafetensorsBytes.of(ONE_TENSOR, 16)), arena);
            tensor = file.tensor("a");
        }

        assertThatThrownBy(() -> file.tensor("a"))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageMatching("a: expected an open file, found .*model.safetensors closed");
        assertThatThrownBy(() -> tensor.getFloat(0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void everyTruncationIsRefused() throws IOException {
        byte[] bytes = SafetensorsBytes.of(ONE_TENSOR, 16);
        for (int length = 0; length < bytes.length; length++) {
            assertRefused(Arrays.copyOf(bytes, length)).isInstanceOf(SafetensorsException.class);
        }
        assertRefused(Arrays.copyOf(bytes, bytes.length + 1)).hasMessageContaining("found 1 bytes behind it");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        -1                   | expected a header of at most 100000000 bytes, found a length of 18446744073709551615
        -9223372036854775808 | expected a header of at most 100000000 bytes, found a length of 9223372036854775808
        9223372036854775807  | expected a header of at most 100000000 bytes, found a length of 9223372036854775807
        9223372036854775800  | expected a header of at most 100000000 bytes, found a length of 9223372036854775800
        100000001            | expected a header of at most 100000000 bytes, found a length of 100000001
        100000000            | expected a header of 100000000 bytes, found a file of
        1000                 | expected a header of 1000 bytes, found a file of
        0                    | expected JSON that begins with '{', found nothing
        """, quoteCharacter = '`')
    void aWrongHeaderLengthIsRefused(long length, String reason) throws IOException {
        byte[] bytes = SafetensorsBytes.of(ONE_TENSOR, 16);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(length);

        assertRefused(bytes).isInstanceOf(SafetensorsException.class).hasMessageContaining(reason);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        []                                                                          | begins with '{'
         {}                                                                         | 16 bytes behind it
        {'a':null}                                                                  | 'a': expected an object, found NULL
        {'a':{}}                                                                    | 'a': expected dtype, shape and data_offsets, found no dtype
        {'a':{'dtype':'F31','shape':[4],'data_offsets':[0,16]}}                     | found 'F31'
        {'a':{'dtype':1,'shape':[4],'data_offsets':[0,16]}}                         | 'a'.dtype: expected a string, found NUMBER
        {'a':{'dtype':'F32','shape':[5],'data_offsets':[0,16]}}                     | expected 20 bytes for F32 [5], found data_offsets [0, 16]
        {'a':{'dtype':'F32','shape':['4'],'data_offsets':[0,16]}}                   | 'a'.shape: expected integers, found STRING
        {'a':{'dtype':'F32','shape':[4.0],'data_offsets':[0,16]}}                   | found '4.0'
        {'a':{'dtype':'F32','shape':[4e0],'data_offsets':[0,16]}}                   | found '4e0'
        {'a':{'dtype':'F32','shape':[-4],'data_offsets':[0,16]}}                    | found '-4'
        {'a':{'dtype':'F32','shape':[04],'data_offsets':[0,16]}}                    | expected JSON
        {'a':{'dtype':'F32','shape':[2147483648,0],'data_offsets':[0,0]}}           | expected axes below 2^31
        {'a':{'dtype':'F32','shape':[2147483647,2147483647,4],'data_offsets':[0,16]}} | 'a':
        {'a':{'dtype':'F32','shape':[2147483647,2147483647],'data_offsets':[0,16]}} | more bytes than a long counts
        {'a':{'dtype':'F32','shape':[2147483647,2147483647,4,0],'data_offsets':[0,0]}} | more numbers than a long counts
        {'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16,32]}}                  | expected data_offsets [begin, end]
        {'a':{'dtype':'F32','shape':[4],'data_offsets':[16,0]}}                     | expected data_offsets [begin, end]
        {'a':{'dtype':'F32','shape':[4],'data_offsets':[0,9223372036854775808]}}    | below 2^63
        {'a':{'dtype':'F32','shape':[4],'data_offsets':[9223372036854775791,9223372036854775807]}} | expected to begin at byte 0
        {'a':{'dtype':'F32','shape':[4],'data_offsets':[8,24]}}                     | expected to begin at byte 0
        {'a':{'dtype':'F32','shape':[8],'data_offsets':[0,32]}}                     | within the 16 bytes
        {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}                      | found 8 bytes behind it
        {'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16],'x':1,'x':2}}         | found 'x' twice in 'a'
        {'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16],'x':[01]}}            | expected JSON
        {'a':{'dtype':'F4','shape':[31],'data_offsets':[0,16]}}                     | 31 numbers of type F4 do not fill their last byte
        {'a':{'dtype':'F4','shape':[34],'data_offsets':[0,16]}}                     | expected 17 bytes for F4 [34], found data_offsets [0, 16]
        {'a':{'dtype':'C64','shape':[2147483647,2147483647],'data_offsets':[0,16]}} | more bytes than a long counts
        {'a':{'dtype':'F32','dtype':'F32','shape':[4],'data_offsets':[0,16]}}       | found 'dtype' twice in 'a'
        {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'\\u0061':{'dtype':'F32','shape':[2],'data_offsets':[8,16]}} | found 'a' twice
        {'__metadata__':{'k':'1','k':'2'},'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}} | found 'k' twice
        {'__metadata__':{'k':1},'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}} | __metadata__.'k': expected a string
        {'__metadata__':[],'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}}   | __metadata__: expected an object
        {'__metadata__':{'k':null},'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}} | __metadata__.'k': expected a string
        {'a\\ud800':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}}              | expected JSON
        {'a':{'dtype':'F32','shape':[1,1,1,1,1,1,1,1,4],'data_offsets':[0,16]}}     | 'a'.shape: expected at most 8 integers, found more
        {'a\\udc00\\ud800':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}}       | expected JSON
        {'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}} {}                  | expected JSON
        {'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]},}                    | expected JSON
        {'a':{'dtype':'F32','shape':[NaN],'data_offsets':[0,16]}}                   | expected JSON
        {'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}/**/}                 | expected JSON
        """)
    void aMalformedHeaderIsRefused(String header, String reason) throws IOException {
        assertRefused(SafetensorsBytes.of(header.replace("\\\\", "\\"), 16))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageContaining(reason);
    }

    /** What the reference implementation takes, though its writer makes none of it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'__metadata__':null,'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}}",
                "{'a':{'x':{'y':[1,null,{'z':true}]},'dtype':'F32','shape':[4],'strides':[1],'data_offsets':[0,16]}}",
            })
    void whatMeansNothingIsPassedOver(String header) throws IOException {
        Path path = SafetensorsBytes.write(folder, SafetensorsBytes.of(header, 16));
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile file = SafetensorsFile.open(path, arena);
            assertThat(file.metadata()).isEmpty();
            assertThat(file.tensor("a").shape()).isEqualTo(Shape.of(4));
        }
    }

    @ParameterizedTest
    @CsvSource({"C64, 2", "F8_E8M0, 16", "F6_E2M3, 20", "F6_E3M2, 20", "F4, 32", "F8_E4M3FNUZ, 16", "F8_E5M2FNUZ, 16"})
    void aTypeThatCannotBeReadIsListedAndLeavesTheOthersReadable(String dtype, int count) throws IOException {
        int bytes = dtype.startsWith("F6") ? 15 : 16;
        String header =
                "{'a':{'dtype':'%s','shape':[%d],'data_offsets':[0,%d]},'b':{'dtype':'U8','shape':[3],'data_offsets':[%d,%d]}}"
                        .formatted(dtype, count, bytes, bytes, bytes + 3);
        Path path = SafetensorsBytes.write(folder, SafetensorsBytes.of(header, bytes + 3));
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile file = SafetensorsFile.open(path, arena);
            assertThat(file.info("a")).isEqualTo(new TensorInfo(dtype, Shape.of(count), bytes));
            assertThat(file.info("b")).isEqualTo(new TensorInfo("U8", Shape.of(3), 3));
            assertThat(file.tensor("b").toIntArray()).containsExactly(bytes + 1, bytes + 2, bytes + 3);
            assertThatThrownBy(() -> file.tensor("a"))
                    .isInstanceOf(SafetensorsException.class)
                    .hasMessageMatching(
                            "a: expected a type of \\[F64, .*], found " + dtype + " in .*model.safetensors");
            assertThatThrownBy(() -> Weights.of(file).get("a", count)).isInstanceOf(SafetensorsException.class);
        }
    }

    @Test
    void deepNestingDoesNotOverflowTheStack() throws IOException {
        for (String open : new String[] {"{'a':", "{'__metadata__':{'a':[", "{'a':{'dtype':[", "{'a':{'x':["}) {
            assertRefused(SafetensorsBytes.of(open.repeat(100_000), 0)).isInstanceOf(SafetensorsException.class);
        }
    }

    @Test
    void bytesThatAreNotUtf8AreRefused() throws IOException {
        String header = ONE_TENSOR.replace('\'', '"').replace("a\":{", "a??\":{");
        int[][] bad = {{0xff, 0xfe}, {0xc0, 0xaf}, {0xed, 0xa0}, {0x80, 0x80}};
        for (int[] pair : bad) {
            byte[] bytes = header.getBytes(StandardCharsets.ISO_8859_1);
            bytes[3] = (byte) pair[0];
            bytes[4] = (byte) pair[1];
            assertRefused(SafetensorsBytes.of(bytes, 16)).hasMessageContaining("UTF-8");
        }
    }

    @Test
    void namesInMessagesAreQuotedAndCut() throws IOException {
        String name = "\\u001b[31m" + "x".repeat(5000);

        assertRefused(SafetensorsBytes.of("{'" + name + "':{}}", 0))
                .satisfies(e -> assertThat(e.getMessage())
                        .hasSizeLessThan(500 + folder.toString().length())
                        .contains("'\\u001b[31mxxx")
                        .contains("xxx...'"));
    }

    /** Seeded, so a failure can be repeated: bytes changed, cut out, doubled. */
    @Test
    void mutationsAreReadOrRefusedButNothingElse() throws IOException {
        byte[] original = SafetensorsBytes.of(
                "{'__metadata__':{'format':'pt'},'a':{'dtype':'F32','shape':[2,2],'data_offsets':[0,16]},"
                    + "'b.\\u00e9':{'dtype':'BF16','shape':[3],'data_offsets':[16,22]},'c':{'dtype':'I64','shape':[],'data_offsets':[22,30]}}",
                30);
        Random random = new Random(20250101);
        int refused = 0;
        for (int round = 0; round < 1000; round++) {
            byte[] bytes = original.clone();
            for (int changes = random.nextInt(4); changes >= 0; changes--) {
                bytes = mutate(bytes, random);
            }
            Path path = SafetensorsBytes.write(folder, bytes);
            try (Arena arena = Arena.ofConfined()) {
                SafetensorsFile file = SafetensorsFile.open(path, arena);
                file.names().forEach(name -> file.tensor(name).data().toArray(ValueLayout.JAVA_BYTE));
            } catch (SafetensorsException e) {
                assertThat(e).hasMessageContaining("model.safetensors");
                refused++;
            }
        }
        assertThat(refused).isBetween(500, 999);
    }

    private static byte[] mutate(byte[] bytes, Random random) {
        int at = random.nextInt(bytes.length);
        if (random.nextInt(4) > 0) {
            byte[] changed = bytes.clone();
            changed[at] = (byte)
                    (random.nextBoolean()
                            ? random.nextInt(256)
                            : "{}[]\":,0123456789-.eE\\ \n".charAt(random.nextInt(24)));
            return changed;
        }
        int length = Math.min(1 + random.nextInt(9), bytes.length - at);
        boolean cut = random.nextBoolean() && length < bytes.length;
        byte[] changed = Arrays.copyOf(bytes, bytes.length + (cut ? -length : length));
        System.arraycopy(
                bytes,
                cut ? at + length : at,
                changed,
                cut ? at : at + length,
                changed.length - (cut ? at : at + length));
        return changed;
    }

    @Test
    void namesInMessagesHideNothing() throws IOException {
        assertRefused(SafetensorsBytes.of("{'a\u202eb\u2028c\ufeffd':{}}", 0))
                .hasMessageContaining("'a\\u202eb\\u2028c\\ufeffd'");
    }

    @Test
    void anEndlessShapeMakesAShortMessage() throws IOException {
        String header = "{'a':{'dtype':'F32','shape':[%s4],'data_offsets':[0,16]}}".formatted("1,".repeat(1_000_000));
        assertRefused(SafetensorsBytes.of(header, 16))
                .satisfies(e -> assertThat(e.getMessage())
                        .hasSizeLessThan(200 + folder.toString().length()));
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    @Timeout(10)
    void aDeviceIsRefused() {
        try (Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> SafetensorsFile.open(Path.of("/dev/zero"), arena))
                    .isInstanceOf(SafetensorsException.class)
                    .hasMessage("/dev/zero: expected a regular file, found a pipe or device");
        }
    }

    @Test
    void whatIsNoFileIsRefused() {
        try (Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> SafetensorsFile.open(folder.resolve("none.safetensors"), arena))
                    .isInstanceOf(SafetensorsException.class)
                    .hasMessageContaining("none.safetensors: expected a safetensors file, found no file");
            assertThatThrownBy(() -> SafetensorsFile.open(folder, arena)).isInstanceOf(SafetensorsException.class);
        }
    }

    private AbstractThrowableAssert<?, ? extends Throwable> assertRefused(byte[] bytes) throws IOException {
        Path path = SafetensorsBytes.write(folder, bytes);
        try (Arena arena = Arena.ofConfined()) {
            return assertThatThrownBy(() -> SafetensorsFile.open(path, arena))
                    .hasMessageContaining("model.safetensors");
        } finally {
            Files.delete(path);
        }
    }
}
