package dev.aquarelle.cli;

import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.sd.checkpoint.ModelFolder;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.ImageFile;
import dev.aquarelle.sd.image.PictureFit;
import dev.aquarelle.sd.pipeline.ReplayFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Looks for what a picture's parameters name: models by name in folders, pictures by the hash of their pixels. */
final class ReplaySearch implements ReplayFiles {
    private static final String SUFFIX = ".safetensors";
    private static final Set<String> WHOLE_MODELS = Set.of("model", "refiner"); // which have names of their own
    private static final int DEPTH = 4; // of folders in folders: people sort their models a little
    private static final int MOST_PICTURES = 1000; // of a folder, which are all decoded

    private static final Pattern NAMES = Pattern.compile("\\.(png|jpe?g|bmp|gif|tiff?)$", Pattern.CASE_INSENSITIVE);

    private final List<Path> folders;
    private final @Nullable PictureSize size;
    private final List<Image> given = new ArrayList<>();
    private int taken;

    /**
     * @param folders to look in, in this order
     * @param images that the user named
     * @param size of the picture that is made again, to which those it was made from may have been brought
     * @throws IOException if one of them cannot be read
     */
    ReplaySearch(List<Path> folders, List<Path> images, @Nullable PictureSize size) throws IOException {
        this.size = size;
        this.folders = folders.stream()
                .map(folder -> folder.toAbsolutePath().normalize())
                .distinct()
                .toList();
        for (Path image : images) {
            given.add(ImageFile.read(image));
        }
    }

    /**
     * The model of a name: one that is registered under it or at a path of this name, the demo model, or one in the folders.
     *
     * @throws IllegalArgumentException if there is none
     */
    Path model(String name) {
        Path known = registered(name);
        if (known != null) {
            return known;
        }
        ModelFolder demo = new ModelFolder(DemoModel.path());
        if (demo.generation().string("name", demo.name()).equals(name)) {
            return demo.path();
        }
        return file("model", name);
    }

    private static @Nullable Path registered(String name) {
        for (Map.Entry<String, Path> entry : ModelRegistry.ofUser().models().entrySet()) {
            if (entry.getKey().equals(name) || isNamed(entry.getValue(), name)) {
                return entry.getValue();
            }
        }
        return null;
    }

    @Override
    public Path file(String what, String name) {
        String plain = name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name;
        Path known = WHOLE_MODELS.contains(what) ? registered(plain) : null;
        if (known != null) {
            return known;
        }
        for (Path folder : folders) {
            List<Path> found = new Named(plain).in(folder);
            if (!found.isEmpty()) {
                return found.getFirst();
            }
        }
        throw new IllegalArgumentException(
                "the picture was made with the %s '%s', which is not in %s: --search names a folder%s"
                        .formatted(what, name, told(), what.equals("model") ? ", --model the model" : ""));
    }

    /** What there is of a name in a folder and in those within it. What may not be looked into is not what is looked for. */
    private static final class Named extends SimpleFileVisitor<Path> {
        private final String name;
        private final List<Path> found = new ArrayList<>();

        Named(String name) {
            this.name = name;
        }

        /** In the order of their paths, so that machines agree. */
        List<Path> in(Path folder) {
            try {
                Files.walkFileTree(folder.toRealPath(), Set.of(), DEPTH, this);
            } catch (IOException e) {
                throw new IllegalArgumentException("%s: cannot be looked through".formatted(folder), e);
            }
            return found.stream().sorted().toList();
        }

        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            take(folder);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            take(file); // a link to a folder too
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) {
            return FileVisitResult.CONTINUE;
        }

        private void take(Path path) {
            if (isNamed(path, name)) {
                found.add(path);
            }
        }
    }

    private String told() {
        return folders.stream().map(Path::toString).collect(Collectors.joining(", "));
    }

    private static boolean isNamed(Path path, String name) {
        String own = String.valueOf(path.getFileName());
        return own.equals(name + SUFFIX) && Files.isRegularFile(path) || own.equals(name) && isModel(path);
    }

    /** Folders of pictures are often called like the LoRA that was trained on them. */
    private static boolean isModel(Path folder) {
        return Stream.of("model_index.json", "config.json", "adapter_config.json")
                .anyMatch(file -> Files.exists(folder.resolve(file)));
    }

    @Override
    public Image picture(String what, String sha256) {
        if (sha256.isEmpty()) { // of a file of the web UI, which does not say
            if (taken < given.size()) {
                return given.get(taken++);
            }
            throw new IllegalArgumentException("%s is not named in the parameters: --image names it".formatted(what));
        }
        for (Image image : given) {
            Image found = as(image, sha256);
            if (found != null) {
                return found;
            }
        }
        for (Path folder : folders) {
            for (Path file : pictures(folder)) {
                Image image = readable(file);
                Image found = image == null ? null : as(image, sha256);
                if (found != null) {
                    return found;
                }
            }
        }
        throw new IllegalArgumentException("%s, of the hash %s, is not among the pictures in %s: --image names it"
                .formatted(what, sha256, told()));
    }

    /** The picture of a hash, if this is it, or becomes it in the size of the one that is made again. */
    private @Nullable Image as(Image image, String sha256) {
        if (image.sha256().startsWith(sha256)) {
            return image;
        }
        if (size == null || image.width() == size.width() && image.height() == size.height()) {
            return null;
        }
        for (PictureFit fit : PictureFit.values()) {
            Image fitted = fit.fit(image, size.width(), size.height());
            if (fitted.sha256().startsWith(sha256)) {
                return fitted;
            }
        }
        return null;
    }

    private static List<Path> pictures(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> NAMES.matcher(file.toString()).find())
                    .sorted()
                    .limit(MOST_PICTURES)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("%s: cannot be looked through".formatted(folder), e);
        }
    }

    /** What cannot be read is not the one that is looked for: that one was read before. */
    private static @Nullable Image readable(Path file) {
        try {
            return ImageFile.read(file);
        } catch (IOException e) {
            return null;
        }
    }
}
