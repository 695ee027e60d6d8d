package dev.aquarelle.core.safetensors;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;

/**
 * One safetensors file, mapped: opening reads the header only, a tensor is a view of the file's pages, which the operating system
 * loads when they are touched. The tensors live as long as the arena given to {@link #open}.
 *
 * <p>The file must not be shortened while it is mapped; touching a page that is gone ends in an {@link InternalError}.
 */
public final class SafetensorsFile {
    private static final int LENGTH_BYTES = Long.BYTES;
    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** What a pickle begins with, before the number of its version. */
    private static final int PICKLE = 0x80;

    private static final int NEWEST_PICKLE = 5;

    private final Path path;
    private final SafetensorsHeader header;
    private final MemorySegment data;

    private SafetensorsFile(Path path, SafetensorsHeader header, MemorySegment data) {
        this.path = path;
        this.header = header;
        this.data = data;
    }

    /**
     * Maps a file and checks its header.
     *
     * @param arena what the tensors live with; closing it unmaps the file
     * @throws SafetensorsException if the file cannot be read or is not a well-formed safetensors file
     */
    public static SafetensorsFile open(Path path, Arena arena) {
        MemorySegment file = map(path, arena);
        if (file.byteSize() < LENGTH_BYTES) {
            throw new SafetensorsException("%s: expected a header length of %d bytes, found a file of %d bytes"
                    .formatted(path, LENGTH_BYTES, file.byteSize()));
        }
        long headerBytes = file.get(LENGTH, 0);
        if (headerBytes < 0 || headerBytes > SafetensorsHeader.LONGEST) {
            throw new SafetensorsException("%s: expected a header of at most %d bytes, found a length of %s%s"
                    .formatted(path, SafetensorsHeader.LONGEST, Long.toUnsignedString(headerBytes), hint((int)
                            headerBytes)));
        }
        long dataBytes = file.byteSize() - LENGTH_BYTES - headerBytes;
        if (dataBytes < 0) {
            throw new SafetensorsException(
                    "%s: expected a header of %d bytes, found a file of %d bytes: the file is incomplete"
                            .formatted(path, headerBytes, file.byteSize()));
        }
        byte[] json = file.asSlice(LENGTH_BYTES, headerBytes).toArray(ValueLayout.JAVA_BYTE);
        SafetensorsHeader header = SafetensorsHeader.parse(json, path.toString(), dataBytes);
        return new SafetensorsFile(path, header, file.asSlice(LENGTH_BYTES + headerBytes));
    }

    /** What else begins with these four bytes. */
    private static String hint(int start) {
        return switch (start) {
            case 0x04034b50 ->
                ": this is a zip archive, perhaps a PyTorch checkpoint (.ckpt, .pt), which must be converted";
            case 0x73726576 -> // "vers", of the line "version https://git-lfs.github.com/spec/v1"
                ": this looks like a pointer of Git LFS, for which 'git lfs pull' fetches the file";
            case 0x46554747 -> ": this is a GGUF file, which must be converted";
            default ->
                (start & 0xFF) == PICKLE && (start >> 8 & 0xFF) >= 2 && (start >> 8 & 0xFF) <= NEWEST_PICKLE
                        ? ": this is a Python pickle, perhaps an old PyTorch file (.pt, .bin), which must be converted"
                        : "";
        };
    }

    /** Refuses what is there but is no file: a pipe would be waited for, a device has no end. */
    static void requireFile(Path path) {
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            throw new SafetensorsException("%s: expected a regular file, found %s"
                    .formatted(path, Files.isDirectory(path) ? "a folder" : "a pipe or device"));
        }
    }

    private static MemorySegment map(Path path, Arena arena) {
        requireFile(path);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        } catch (NoSuchFileException e) {
            throw new SafetensorsException("%s: expected a safetensors file, found no file".formatted(path), e);
        } catch (IOException e) {
            throw new SafetensorsException(
                    "%s: expected a readable file, found: %s".formatted(path, e.getMessage()), e);
        }
    }

    /** The file. */
    public Path path() {
        return path;
    }

    /** The free text in the header, by key, in the file's order; empty if there is none. */
    public Map<String, String> metadata() {
        return header.metadata();
    }

    /** The tensors' names in the header's order. */
    public Set<String> names() {
        return header.tensors().keySet();
    }

    /**
     * What the header says of a tensor; of one that cannot be read, too.
     *
     * @throws SafetensorsException if there is none of this name
     */
    public TensorInfo info(String name) {
        SafetensorsHeader.Entry entry = entry(name);
        return new TensorInfo(entry.type().name(), entry.shape(), entry.end() - entry.begin());
    }

    /**
     * A view of one tensor in the mapped file, read-only, of the file's type. Its memory may begin at any byte.
     *
     * @throws SafetensorsException if there is none of this name, its type is one that cannot be read, or the file has been closed
     */
    public Tensor tensor(String name) {
        SafetensorsHeader.Entry entry = entry(name);
        DType dtype = entry.type().dtype();
        if (dtype == null) {
            throw new SafetensorsException("%s: expected a type of %s, found %s in %s"
                    .formatted(name, Arrays.toString(DType.values()), entry.type(), path));
        }
        if (!data.scope().isAlive()) {
            throw new SafetensorsException("%s: expected an open file, found %s closed".formatted(name, path));
        }
        return new Tensor(entry.shape(), dtype, data.asSlice(entry.begin(), entry.end() - entry.begin()));
    }

    private SafetensorsHeader.Entry entry(String name) {
        SafetensorsHeader.Entry entry = header.tensors().get(name);
        if (entry == null) {
            throw new SafetensorsException("%s: missing in %s".formatted(name, path));
        }
        return entry;
    }

    @Override
    public String toString() {
        return "%s: %d tensors, %d bytes".formatted(path, header.tensors().size(), data.byteSize());
    }
}
