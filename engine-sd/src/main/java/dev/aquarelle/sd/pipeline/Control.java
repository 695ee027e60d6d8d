package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.image.Image;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/**
 * A picture of edges, depth, a pose and the like that steers a request, by a ControlNet or a T2I-Adapter.
 *
 * @param model the file or folder of the ControlNet or the adapter
 * @param image of the request's size
 * @param scale how strongly it counts: 1 as it was trained
 * @param start the part of the steps before it counts, from 0
 * @param end the part of the steps after which it counts no longer, to 1
 */
public record Control(Path model, Image image, double scale, double start, double end) {

    /**
     * @throws IllegalArgumentException if the scale is not finite, or start and end are not in order from 0 to 1
     */
    public Control {
        if (!Double.isFinite(scale)) {
            throw new IllegalArgumentException("control: expected a finite scale, found " + scale);
        }
        if (!(start >= 0 && start < end && end <= 1)) {
            throw new IllegalArgumentException(
                    "control: expected a start from 0 and below the end, the end at most 1, found %s and %s"
                            .formatted(start, end));
        }
    }

    /** In all steps, as strongly as it was trained. */
    public static Control of(Path model, Image image) {
        return new Control(model, image, 1, 0, 1);
    }

    /** The same as strongly as said. */
    public Control withScale(double scale) {
        return new Control(model, image, scale, start, end);
    }

    /** How strongly it counts in a call of the denoiser: 0 before the start and after the end. */
    double scaleIn(int call, int calls) {
        return counts(start, end, call, calls) ? scale : 0;
    }

    /** The same with what is made of its picture. */
    Control withImage(UnaryOperator<Image> made) {
        return new Control(model, made.apply(image), scale, start, end);
    }

    /** Whether it counts in a step. */
    static boolean counts(double start, double end, int step, int steps) {
        return !((double) step / steps < start || (step + 1.0) / steps > end);
    }
}
