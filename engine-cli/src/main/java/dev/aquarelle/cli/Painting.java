package dev.aquarelle.cli;

import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.pipeline.GeneratedImage;
import dev.aquarelle.sd.pipeline.PictureRequest;
import dev.aquarelle.sd.pipeline.Progress;
import dev.aquarelle.sd.pipeline.ProgressListener;
import dev.aquarelle.sd.pipeline.StableDiffusion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;

/**
 * Makes a number of pictures, a batch at a time, shows how it goes and writes each batch when it is done.
 *
 * @param requests for a seed and a number of pictures made together
 * @param previewEvery how many steps a preview is written; {@link PreviewOptions#NEVER} for none
 */
record Painting(
        StableDiffusion engine,
        BiFunction<Long, Integer, PictureRequest> requests,
        PictureFiles files,
        Screen screen,
        int previewEvery,
        Cancellation cancellation) {
    /** What comes behind the sampler's steps is shown as one more. */
    private static final int DECODING = 1;

    /**
     * @param seed of the first picture; the next ones have the next seeds
     * @param total how many pictures
     * @param batch how many of them at a time
     */
    void run(long seed, int total, int batch) throws IOException {
        Rest rest = new Rest(System::nanoTime);
        for (int done = 0; done < total; done += batch) {
            int pictures = Math.min(batch, total - done);
            String task = task(done + 1, done + pictures, total);
            rest.begin(pictures, total - done - pictures);
            PictureRequest request = requests.apply(seed + done, pictures);
            PreviewFiles previews = PreviewFiles.of(files, request, previewEvery);
            for (GeneratedImage picture : paint(request, task, rest, previews)) {
                Path file = files.save(picture);
                double seconds = rest.secondsAPicture();
                screen.out().printf(Locale.ROOT, "%s  seed %d  %.1f s%n", file, picture.seed(), seconds);
                screen.out().flush();
            }
        }
    }

    static String task(int first, int last, int total) {
        if (total == 1) {
            return "Painting";
        }
        return first == last
                ? "Painting %d of %d".formatted(first, total)
                : "Painting %d-%d of %d".formatted(first, last, total);
    }

    /** Makes the pictures of a request and shows how it goes; writes nothing. */
    List<GeneratedImage> paint(PictureRequest request, String task) {
        Rest none = new Rest(System::nanoTime);
        none.begin(request.text().batch(), 0);
        return paint(request, task, none, PreviewFiles.NONE);
    }

    private List<GeneratedImage> paint(PictureRequest request, String task, Rest rest, PreviewFiles previews) {
        Integer wanted = request.text().steps();
        int steps = wanted != null ? wanted : engine.defaults().steps();
        try (ProgressDisplay display = new ProgressDisplay(screen.err(), screen.terminal(), task, steps + DECODING)) {
            ProgressListener listener = progress -> {
                show(display, progress, rest);
                previews.save(progress);
            };
            List<GeneratedImage> images = engine.generate(request, listener, cancellation);
            if (screen.preview()) {
                display.preview(images.getFirst().image());
            }
            return images;
        }
    }

    private void show(ProgressDisplay display, Progress progress, Rest rest) {
        display.stepDone(progress.step(), progress.steps() + DECODING, rest.after(progress.timeLeft()));
        if (screen.preview() && display.wantsPreview()) {
            progress.preview().stream().findFirst().ifPresent(display::preview); // none if memory is short
        }
    }
}
