package dev.aquarelle.cli;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.Locale;

/** Names for pictures: from the prompt and the seed, or from what the user said. */
final class FileNames {
    private static final int LONGEST_SLUG = 60;

    private FileNames() {}

    /** {@code a-red-apple-7.png} for the prompt "A red apple!" and the seed 7. */
    static String of(String prompt, long seed) {
        return "%s-%d.png".formatted(slug(prompt), seed);
    }

    /** Letters without their accents and digits, all else a hyphen: names that every file system and every shell takes. */
    static String slug(String prompt) {
        String plain = Normalizer.normalize(prompt, Normalizer.Form.NFKD)
                .replaceAll("\\p{M}", "")
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^a-z0-9]+", "-");
        String cut = plain.substring(0, Math.min(plain.length(), LONGEST_SLUG)).replaceAll("^-|-$", "");
        return cut.isEmpty() ? "picture" : cut;
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
