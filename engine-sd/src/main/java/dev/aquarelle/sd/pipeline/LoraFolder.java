package dev.aquarelle.sd.pipeline;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Where LoRAs are that prompts call by name.
 *
 * @param folder of safetensors files, also in folders within it
 */
record LoraFolder(Path folder) implements LoraFinder {
    private static final String ENDING = ".safetensors";
    private static final int DEEPEST = 8;
    private static final int SUGGESTIONS = 3;

    /** By the names of the files that are there, so that a name leads nowhere else. */
    @Override
    public Path find(String name) {
        List<Path> all = files();
        List<Path> found =
                all.stream().filter(file -> nameOf(file).equals(name)).toList();
        if (found.size() == 1) {
            return found.getFirst();
        }
        if (found.isEmpty()) {
            throw new IllegalArgumentException("prompt: <lora:%s>: expected %s%s in %s, found %s"
                    .formatted(name, name, ENDING, folder, nearest(name, all)));
        }
        throw new IllegalArgumentException("prompt: <lora:%s>: expected one %s%s in %s, found %s"
                .formatted(
                        name,
                        name,
                        ENDING,
                        folder,
                        found.stream().map(Path::toString).collect(Collectors.joining(", "))));
    }

    private List<Path> files() {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException(
                    "prompt: expected a folder of LoRAs at %s, found none".formatted(folder));
        }
        try (Stream<Path> files = Files.walk(folder.toRealPath(), DEEPEST)) {
            return files.filter(file -> file.getFileName().toString().endsWith(ENDING))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String nameOf(Path file) {
        String name = file.getFileName().toString();
        return name.substring(0, name.length() - ENDING.length());
    }

    private static String nearest(String name, List<Path> all) {
        String names = all.stream()
                .map(LoraFolder::nameOf)
                .distinct()
                .sorted(Comparator.comparingInt((String other) -> distance(name, other)))
                .limit(SUGGESTIONS)
                .collect(Collectors.joining(", "));
        return names.isEmpty() ? "no LoRA" : (all.size() > SUGGESTIONS ? "among others " : "") + names;
    }

    /** How many letters have to be put in, taken out or changed to make one name of the other (Levenshtein), whatever their case. */
    private static int distance(String a, String b) {
        int[] row = IntStream.rangeClosed(0, b.length()).toArray();
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                boolean same = Character.toLowerCase(a.charAt(i - 1)) == Character.toLowerCase(b.charAt(j - 1));
                int changed = diagonal + (same ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
