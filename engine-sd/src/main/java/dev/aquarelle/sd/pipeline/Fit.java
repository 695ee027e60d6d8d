package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.image.Image;

/** Whether a request is one that a model can serve. */
final class Fit {
    private Fit() {}

    /**
     * Compares what the request has with what the denoiser sees.
     *
     * @throws IllegalArgumentException if they do not fit; says what would
     */
    static void require(SettledRequest s, DiffusionModel model) {
        boolean fits = switch (s.request()) {
            case TextToImage _, ImageToImage _, HiresFix _, Refined _ -> !model.seesMask() && !model.seesPicture();
            case Inpaint _, Outpaint _ -> !model.seesPicture();
            case InstructEdit _ -> model.seesPicture();
        };
        if (!fits) {
            throw new IllegalArgumentException("request: expected %s, found %s"
                    .formatted(served(model), s.request().getClass().getSimpleName()));
        }
        Image image = s.image();
        if (image != null && (image.width() != s.width() || image.height() != s.height())) {
            throw new IllegalArgumentException("size: expected %d x %d as the picture has, found %d x %d"
                    .formatted(image.width(), image.height(), s.width(), s.height()));
        }
        if (s.painted() instanceof Inpaint inpaint
                && new Masking(Masking.of(inpaint.usedMask()), model.scale()).isEmpty()) {
            throw new IllegalArgumentException(
                    "mask: expected a part of %d x %d pixels or more that is painted, found none"
                            .formatted(model.scale(), model.scale()));
        }
    }

    private static String served(DiffusionModel model) {
        if (model.seesMask()) {
            return "Inpaint, as this model is made for painting parts of a picture";
        }
        return model.seesPicture()
                ? "InstructEdit, as this model is made for changing pictures as it is told"
                : "TextToImage, ImageToImage or Inpaint, which this model is made for";
    }
}
