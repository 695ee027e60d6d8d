package dev.aquarelle.demo;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;

/**
 * A folder of a jar as a folder of the file system. Its name there follows from the content, so versions do not meet; it appears whole or
 * not at all, however many processes unpack it at once.
 */
final class UnpackedFolder {
    private final JarFile jar;
    private final String prefix;
    private final List<JarEntry> entries;

    /**
     * @param prefix the folder's name in the jar, ending in a slash
     */
    UnpackedFolder(JarFile jar, String prefix) {
        this.jar = jar;
        this.prefix = prefix;
        this.entries = jar.stream()
                .filter(entry -> entry.getName().startsWith(prefix) && !entry.isDirectory())
                .toList();
    }

    /** The folder below {@code cache}, unpacked unless it is there already, complete. */
    Path in(Path cache) throws IOException {
        Path folder = cache.resolve("demo-%s-%s".formatted(Path.of(prefix).getFileName(), digest()));
        if (isComplete(folder)) {
            return folder;
        }
        Files.createDirectories(cache);
        Path temporary = Files.createTempDirectory(cache, ".unpacking-");
        try {
            for (JarEntry entry : entries) {
                unpack(entry, temporary.resolve(entry.getName().substring(prefix.length())));
            }
            publish(temporary, folder);
        } finally {
            delete(temporary);
        }
        return folder;
    }

    private String digest() {
        StringBuilder names = new StringBuilder();
        for (JarEntry entry : entries) {
            names.append("%s %d %08x\n".formatted(entry.getName(), entry.getSize(), entry.getCrc()));
        }
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256").digest(names.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }

    private boolean isComplete(Path folder) throws IOException {
        for (JarEntry entry : entries) {
            Path file = folder.resolve(entry.getName().substring(prefix.length()));
            if (!Files.isRegularFile(file) || Files.size(file) != entry.getSize()) {
                return false;
            }
        }
        return true;
    }

    private void unpack(JarEntry entry, Path file) throws IOException {
        Files.createDirectories(file.resolveSibling(""));
        CRC32 crc = new CRC32();
        try (InputStream in = new CheckedInputStream(jar.getInputStream(entry), crc)) {
            Files.copy(in, file);
        }
        if (crc.getValue() != entry.getCrc()) {
            throw new IOException("%s: wrong checksum of %s".formatted(jar.getName(), entry.getName()));
        }
    }

    private void publish(Path temporary, Path folder) throws IOException {
        if (Files.exists(folder)) { // someone removed or cut off a file
            delete(folder);
        }
        try {
            Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            if (!isComplete(folder)) { // otherwise another process was first
                throw e;
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
