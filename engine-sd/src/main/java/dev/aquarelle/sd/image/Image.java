package dev.aquarelle.sd.image;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;

/** A picture of 8 bits per channel: rows from the top, pixels from the left, red, green, blue. Immutable. */
public final class Image {
    private final int width;
    private final int height;
    private final byte[] rgb;

    private Image(int width, int height, byte[] rgb) {
        this.width = width;
        this.height = height;
        this.rgb = rgb;
    }

    /**
     * A picture of the given pixels.
     *
     * @param rgb three bytes a pixel, row by row; copied
     * @throws IllegalArgumentException if a side is not positive or there are more or fewer bytes than the size takes
     */
    public static Image of(int width, int height, byte[] rgb) {
        if (width <= 0 || height <= 0 || rgb.length != 3L * width * height) {
            throw new IllegalArgumentException(
                    "a picture of %d x %d pixels cannot have %d bytes".formatted(width, height, rgb.length));
        }
        return new Image(width, height, rgb.clone());
    }

    /**
     * The decoder's floats as a picture: -1 is black, 1 is full, what lies outside is cut off, and a half rounds to even (as diffusers'
     * {@code numpy_to_pil} does after {@code denormalize}); NaN is black.
     *
     * @param x {@code [H, W, 3]}, or {@code [1, H, W, 3]} for a batch of one
     * @throws TensorException for any other shape
     */
    public static Image fromTensor(Tensor x) {
        Shape shape = x.shape();
        int rank = shape.rank();
        if (rank < 3 || rank > 4 || shape.last() != 3 || rank == 4 && shape.dim(0) != 1 || shape.size() == 0) {
            throw new TensorException("a picture is made from [H, W, 3] or [1, H, W, 3], found " + shape);
        }
        byte[] rgb = new byte[Math.toIntExact(shape.size())];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) toUnsigned(x.getFloat(i)); // one by one: the floats take four times the picture's memory
        }
        return new Image(shape.dim(-2), shape.dim(-3), rgb);
    }

    /** The pixels as networks take them, {@code [1, height, width, 3]} of -1 to 1; a new tensor on the heap. */
    public Tensor toTensor() {
        float[] values = new float[rgb.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = 2 * ((rgb[i] & 0xFF) / 255f) - 1;
        }
        return Tensor.of(values, 1, height, width, 3);
    }

    /** The pixels as ControlNets take them, {@code [1, height, width, 3]} of 0 to 1; a new tensor on the heap. */
    public Tensor toUnitTensor() {
        float[] values = new float[rgb.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (rgb[i] & 0xFF) / 255f;
        }
        return Tensor.of(values, 1, height, width, 3);
    }

    /** How bright the pixels are, {@code [1, height, width, 1]} of 0 to 1; a new tensor on the heap. */
    public Tensor toGrayTensor() {
        float[] values = new float[width * height];
        for (int i = 0; i < values.length; i++) {
            values[i] = luma(i % width, i / width) / 255f;
        }
        return Tensor.of(values, 1, height, width, 1);
    }

    /**
     * How bright a pixel is, 0 to 255, by Pillow's weights of the colors.
     *
     * @throws IndexOutOfBoundsException if it lies outside
     */
    public int luma(int x, int y) {
        int color = pixel(x, y);
        return (color >> 16) * 19595 + (color >> 8 & 0xFF) * 38470 + (color & 0xFF) * 7471 + 0x8000 >> 16;
    }

    private static int toUnsigned(float x) {
        float unit = Math.clamp(x / 2 + 0.5f, 0f, 1f);
        return (int) Math.rint(unit * 255f); // every step in float32, as the original rounds
    }

    /**
     * The same with each pixel as a square of pixels, to look at small pictures.
     *
     * @param factor the squares' side
     * @throws IllegalArgumentException if it is not positive, or the picture would be too large for an array
     */
    public Image enlarged(int factor) {
        if (factor < 1 || (long) factor * factor > (Integer.MAX_VALUE - 8) / rgb.length) {
            throw new IllegalArgumentException("%s cannot be enlarged by %d".formatted(this, factor));
        }
        byte[] large = new byte[rgb.length * factor * factor];
        int stride = 3 * width * factor;
        for (int i = 0; i < large.length; i++) {
            large[i] = rgb[3 * (i / stride / factor * width + i % stride / 3 / factor) + i % 3];
        }
        return new Image(width * factor, height * factor, large);
    }

    /** Pixels in a row. */
    public int width() {
        return width;
    }

    /** Rows. */
    public int height() {
        return height;
    }

    /**
     * One pixel as {@code 0xRRGGBB}.
     *
     * @throws IndexOutOfBoundsException if it lies outside
     */
    public int pixel(int x, int y) {
        int at = 3 * (Objects.checkIndex(y, height) * width + Objects.checkIndex(x, width));
        return (rgb[at] & 0xFF) << 16 | (rgb[at + 1] & 0xFF) << 8 | rgb[at + 2] & 0xFF;
    }

    /** A copy of the pixels, three bytes each, row by row. */
    public byte[] toByteArray() {
        return rgb.clone();
    }

    /**
     * The SHA-256 of width and height, each four bytes from the highest, and the pixels, by which parameters name a picture.
     *
     * @return 64 hexadecimal digits
     */
    public String sha256() {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(ByteBuffer.allocate(8).putInt(width).putInt(height).array());
            return HexFormat.of().formatHex(sha256.digest(rgb));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** The bytes themselves, for this package's readers only. */
    byte[] bytes() {
        return rgb;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Image image && width == image.width && Arrays.equals(rgb, image.rgb);
    }

    @Override
    public int hashCode() {
        return 31 * width + Arrays.hashCode(rgb);
    }

    /** As in messages: {@code picture of 512 x 768 pixels}. */
    @Override
    public String toString() {
        return "picture of %d x %d pixels".formatted(width, height);
    }
}
