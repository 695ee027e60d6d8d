package dev.aquarelle.sd.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;

/** Files that are there whole or not at all. */
final class AtomicFile {
    private static final SecureRandom RANDOM = new SecureRandom();

    private AtomicFile() {}

    static void write(Path file, byte[] bytes, Png.IfExists ifExists) throws IOException {
        Path target = file.toAbsolutePath();
        Path folder = target.getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new FileSystemException(file.toString(), null, "the folder to write to is not there");
        }
        if (ifExists == Png.IfExists.FAIL && Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileAlreadyExistsException(file.toString());
        }
        // not after the target, whose name may be as long as names can be
        Path temporary = folder.resolve(".%s.part".formatted(Long.toUnsignedString(RANDOM.nextLong(), 36)));
        try {
            writeNew(temporary, ByteBuffer.wrap(bytes));
            if (ifExists == Png.IfExists.REPLACE) {
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            } else {
                publish(temporary, target);
            }
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static void writeNew(Path file, ByteBuffer bytes) throws IOException {
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            while (bytes.hasRemaining()) { // a channel, because it heeds an interrupt
                out.write(bytes);
            }
        }
    }

    /** Gives the file its name only if nobody has it: a link fails where a move would replace. */
    private static void publish(Path temporary, Path target) throws IOException {
        try {
            Files.createLink(target, temporary);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (UnsupportedOperationException
                | FileSystemException e) { // a file system without links: the gap is a moment
            Files.move(temporary, target);
        }
    }
}
