package dev.aquarelle.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.Locale;

/** Names for pictures: from the prompt and the seed, or from what the user said. */
final class FileNames {
    private static final int LONGEST_SLUG = 60; // bytes: a quarter of what file systems take, and a third of a line

    private FileNames() {}

    /** {@code a-red-apple-7.png} for the prompt "A red apple!" and the seed 7. */
    static String of(String prompt, long seed) {
        return "%s-%d.png".formatted(slug(prompt), seed);
    }

    /**
     * Letters and digits of any script, Latin ones without their accents, all else a hyphen: names that every file system takes and no
     * shell takes apart.
     */
    static String slug(String prompt) {
        String plain = Normalizer.normalize(prompt.toLowerCase(Locale.ROOT), Normalizer.Form.NFKD)
                .replaceAll("(?<=\\p{IsLatin})\\p{Mn}+", "")
                .replaceAll("[^\\p{L}\\p{M}\\p{N}][^\\p{L}\\p{N}]*", "-"); // no mark without its letter
        String whole = Normalizer.normalize(plain, Normalizer.Form.NFC).replaceAll("^[-\\p{M}]+", "");
        String cut = shortened(whole).replaceAll("-$", "");
        return cut.isEmpty() ? "picture" : cut;
    }

    /** As many whole letters as there is room for. */
    private static String shortened(String text) {
        int bytes = 0;
        int at = 0;
        while (at < text.length()) {
            String letter = Character.toString(text.codePointAt(at));
            bytes += letter.getBytes(StandardCharsets.UTF_8).length;
            if (bytes > LONGEST_SLUG) {
                break;
            }
            at += letter.length();
        }
        return text.substring(0, at);
    }

    /** The name itself, or with {@code -2}, {@code -3} and so on, whichever is the first that is free. */
    static Path free(Path wanted) {
        Path free = wanted;
        for (int n = 2; Files.exists(free, LinkOption.NOFOLLOW_LINKS); n++) {
            free = withSuffix(wanted, "-" + n);
        }
        return free;
    }

    /** The name with something before {@code .png}. */
    static Path withSuffix(Path file, String suffix) {
        String name = file.getFileName().toString();
        int dot = name.lastIndexOf('.');
        return file.resolveSibling(name.substring(0, dot) + suffix + name.substring(dot));
    }
}
