package dev.aquarelle.cli;

import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.Png;
import dev.aquarelle.sd.pipeline.PictureRequest;
import dev.aquarelle.sd.pipeline.Progress;
import dev.aquarelle.sd.pipeline.Seeding;
import dev.aquarelle.sd.pipeline.TextToImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Previews as files beside the pictures: {@code NAME-step-005.png} for {@code NAME.png}, without parameters, since they do not lead to it.
 *
 * @param pictures where each picture of the batch will be
 * @param every how many steps one is written; {@link PreviewOptions#NEVER} for none
 * @param force whether files that are there may be replaced; otherwise names are counted up
 */
record PreviewFiles(List<Path> pictures, int every, boolean force) {
    /** No files. */
    static final PreviewFiles NONE = new PreviewFiles(List.of(), PreviewOptions.NEVER, false);

    private static final int LATENT = 8; // pixels of a picture for each of its latents, along a side
    private static final int ROOM = "-step-1000-99".length();

    /**
     * For the pictures of a request.
     *
     * @param request with its seed
     * @throws IllegalArgumentException if a name gets too long
     */
    static PreviewFiles of(PictureFiles files, PictureRequest request, int every) {
        if (every == PreviewOptions.NEVER) {
            return NONE;
        }
        TextToImage text = request.text();
        List<Path> pictures = IntStream.range(0, text.batch())
                .mapToObj(n -> files.expected(seed(text, n), variation(text.seeding(), n)))
                .toList();
        pictures.forEach(PreviewFiles::requireRoom);
        return new PreviewFiles(pictures, every, files.force());
    }

    private static long seed(TextToImage text, int n) {
        Long first = text.seed();
        if (first == null) {
            throw new IllegalArgumentException("a picture without a seed has no name yet");
        }
        return text.seeding().isVariation() ? first : first + n;
    }

    private static @Nullable String variation(Seeding seeding, int n) {
        Long first = seeding.subSeed();
        return first == null || !seeding.isVariation() ? null : Long.toString(first + n);
    }

    private static void requireRoom(Path picture) {
        String name = picture.getFileName().toString();
        int most = PictureFiles.LONGEST_NAME - ROOM;
        if (name.getBytes(StandardCharsets.UTF_8).length > most) {
            throw new IllegalArgumentException(
                    "--save-previews: expected a name of at most %d bytes, so that the step's number can stand behind it, found %s"
                            .formatted(most, name));
        }
    }

    private static Path name(Path picture, int step) {
        return FileNames.withSuffix(picture, "-step-%03d".formatted(step));
    }

    /**
     * Writes the previews of a step, if it is one of those.
     *
     * @throws UncheckedIOException if a file cannot be written
     */
    void save(Progress progress) {
        if (every == PreviewOptions.NEVER || progress.step() % every != 0) {
            return;
        }
        List<Image> previews = progress.preview(); // none if memory is short
        for (int n = 0; n < previews.size(); n++) {
            Image preview = previews.get(n);
            boolean small = preview.width() == progress.latents().shape().dim(2);
            write(name(pictures.get(n), progress.step()), small ? preview.enlarged(LATENT) : preview);
        }
    }

    private void write(Path wanted, Image preview) {
        try {
            if (force) {
                Png.write(wanted, preview, Png.IfExists.REPLACE);
            } else {
                Png.write(FileNames.free(wanted), preview, Png.IfExists.FAIL);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(Failures.notWritten(wanted, e));
        }
    }
}
