package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.checkpoint.FileHashes;
import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.Resampling;
import dev.aquarelle.sd.pipeline.InpaintArea.OnlyMasked;
import dev.aquarelle.sd.prompt.PromptStyle;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A request with everything that it left open.
 *
 * @param request as it was asked
 * @param painted what is made of it: an {@link Outpaint} is painted as an {@link Inpaint}, and of an inpaint maybe a part
 * @param closeUp that part, if it is one
 * @param text its prompt and settings
 * @param guidanceScale as the parameters say it; models distilled for one take it as an input
 * @param guidance how the denoiser's looks are weighed
 * @param sampler its name; empty for the model's own scheduler
 */
record SettledRequest(
        PictureRequest request,
        PictureRequest painted,
        @Nullable CloseUp closeUp,
        TextToImage text,
        int width,
        int height,
        int steps,
        double guidanceScale,
        GuidanceMethod guidance,
        String sampler,
        long seed) {
    private static final List<Double> ONE_PROMPT = List.of(1.0);
    private static final long LARGEST_CHOSEN_SEED = 0xFFFF_FFFFL; // all that torch's CPU generator takes of a seed

    /**
     * @param distilled whether the model takes the guidance scale as an input and so looks once only
     */
    static SettledRequest of(PictureRequest request, ModelDefaults defaults, boolean distilled) {
        TextToImage text = request.text();
        CloseUp closeUp = closeUp(request, defaults);
        PictureRequest painted = painted(request, closeUp);
        Image image = image(painted);
        double scale = text.guidanceScale() == null ? defaults.guidance() : text.guidanceScale();
        return new SettledRequest(
                request,
                painted,
                closeUp,
                closeUp == null ? text : text.withAddOns(text.addOns().withSteering(closeUp::control)),
                side(text.width(), image == null ? defaults.width() : image.width()),
                side(text.height(), image == null ? defaults.height() : image.height()),
                steps(text, defaults),
                scale,
                guidance(request, distilled ? 1 : scale),
                text.sampler() == null ? defaults.sampler() : text.sampler(),
                text.seed() == null ? ThreadLocalRandom.current().nextLong(LARGEST_CHOSEN_SEED + 1) : text.seed());
    }

    private static int steps(TextToImage text, ModelDefaults defaults) {
        int usual = text.steps() == null ? defaults.steps() : text.steps();
        return text.schedule() == null ? usual : text.schedule().steps().orElse(usual);
    }

    private static @Nullable CloseUp closeUp(PictureRequest request, ModelDefaults defaults) {
        if (request instanceof Inpaint inpaint && inpaint.use().area() instanceof OnlyMasked area) {
            TextToImage text = request.text();
            return CloseUp.of(
                    inpaint, area, side(text.width(), defaults.width()), side(text.height(), defaults.height()));
        }
        return null;
    }

    private static PictureRequest painted(PictureRequest request, @Nullable CloseUp closeUp) {
        if (closeUp != null) {
            return closeUp.painted();
        }
        return switch (request) {
            case Outpaint outpaint -> outpaint.inpaint();
            case Inpaint inpaint -> inpaint.begun();
            case TextToImage _, ImageToImage _, InstructEdit _, HiresFix _, Refined _ -> request;
        };
    }

    private static int side(@Nullable Integer asked, int otherwise) {
        return asked == null ? otherwise : asked;
    }

    private static GuidanceMethod guidance(PictureRequest request, double scale) {
        TextToImage text = request.text();
        List<Double> weights = text.promptStyle() == PromptStyle.WEB_UI
                ? WebUiPrompts.composed(text.prompt()).weights()
                : ONE_PROMPT;
        if (!weights.equals(ONE_PROMPT)) {
            return composed(request, scale, weights);
        }
        return request instanceof InstructEdit edit
                ? new InstructGuidance(scale, edit.imageGuidanceScale())
                : new Guidance(scale, text.guidanceRescale());
    }

    private static GuidanceMethod composed(PictureRequest request, double scale, List<Double> weights) {
        if (request instanceof InstructEdit) {
            throw new IllegalArgumentException(
                    "prompt: expected a single instruction without a weight, found %d with weights of %s"
                            .formatted(weights.size(), weights));
        }
        if (request.text().guidanceRescale() != 0) {
            throw new IllegalArgumentException("guidanceRescale: expected 0 for prompts with AND between them, found "
                    + request.text().guidanceRescale());
        }
        return new ComposedGuidance(scale, weights);
    }

    /** The picture of a request, if it has one. */
    private static @Nullable Image image(PictureRequest request) {
        return switch (request) {
            case TextToImage _, HiresFix _, Refined _ -> null;
            case ImageToImage to -> to.image();
            case Inpaint inpaint -> inpaint.image();
            case Outpaint outpaint -> outpaint.image();
            case InstructEdit edit -> edit.image();
        };
    }

    /** What becomes of each picture that the decoder gives. */
    UnaryOperator<Image> finish() {
        if (closeUp != null) {
            return closeUp::finished;
        }
        PictureRequest original = request instanceof Outpaint ? painted : request; // its picture as it was, not filled
        return original instanceof Inpaint inpaint ? inpaint.finish() : UnaryOperator.identity();
    }

    /** Pixels of a finished picture. */
    long pixels() {
        Image whole = closeUp == null ? null : closeUp.inpaint().image();
        return whole == null ? (long) width * height : (long) whole.width() * whole.height();
    }

    /** The picture that the run starts from, if it does. */
    @Nullable
    Image image() {
        return image(painted);
    }

    /** The seed of the n-th picture, which variations of one picture have in common. */
    long seed(int n) {
        return text.seeding().isVariation() ? seed : seed + n;
    }

    /** The seed of the noise that is mixed into the n-th picture's, where there is any. */
    long subSeed(int n) {
        Long first = text.seeding().subSeed();
        return (first == null ? 0 : first) + n;
    }

    /** The same in another size, with what steers it resized. */
    SettledRequest sized(int otherWidth, int otherHeight) {
        return new SettledRequest(
                request,
                painted,
                closeUp,
                text.withAddOns(
                        text.addOns().withSteering(image -> Resampling.LANCZOS.resize(image, otherWidth, otherHeight))),
                otherWidth,
                otherHeight,
                steps,
                guidanceScale,
                guidance,
                sampler,
                seed);
    }

    /**
     * The same for another model, without add-ons, which are made for the first one.
     *
     * @param distilled whether it takes the guidance scale as an input and so looks once only
     */
    SettledRequest on(ModelDefaults other, boolean distilled) {
        return new SettledRequest(
                request,
                painted,
                closeUp,
                text.withAddOns(AddOns.NONE),
                width,
                height,
                steps,
                guidanceScale,
                guidance(request, distilled ? 1 : guidanceScale),
                text.sampler() == null ? other.sampler() : text.sampler(),
                seed);
    }

    int batch() {
        return text().batch();
    }

    /** Pictures that the denoiser looks at together, each as often as guidance needs. */
    int samples() {
        return guidance.looks() * batch();
    }

    /** How much of the steps is made: 1 but for requests that start from a picture. */
    double strength() {
        return switch (request) {
            case ImageToImage to -> to.strength();
            case Inpaint inpaint -> inpaint.strength();
            case Outpaint outpaint -> outpaint.strength();
            case TextToImage _, InstructEdit _, HiresFix _, Refined _ -> 1;
        };
    }

    /**
     * The first step that is made, as diffusers counts.
     *
     * @throws IllegalArgumentException if the strength leaves none
     */
    int firstStep() {
        int made = Math.min((int) (steps * strength()), steps);
        if (made == 0) {
            throw new IllegalArgumentException(
                    "strength: expected at least %s, so that one of %d steps is made, found %s"
                            .formatted(1.0 / steps, steps, strength()));
        }
        return steps - made;
    }

    /** For the first text encoder and the second. */
    Prompts prompts() {
        String second = text().sdxl().prompt2();
        return Prompts.repeated(text().prompt(), second == null ? text().prompt() : second, batch());
    }

    /** What guidance leads away from; empty texts where the request says nothing. */
    Prompts negativePrompts() {
        String first = text().negativePrompt() == null ? "" : text().negativePrompt();
        String second = text().sdxl().negativePrompt2();
        return Prompts.repeated(first, second == null ? first : second, batch());
    }

    /**
     * What stands in the file of the n-th picture.
     *
     * @param model what is said of it
     * @param sampler its title
     * @param hashes of the files of add-ons
     * @param tile height and width of the autoencoder's tiles in latents; 0 if there were none
     */
    GenerationParameters parameters(
            SequencedMap<String, String> model, String sampler, FileHashes hashes, int tile, int n) {
        SequencedMap<String, String> values = new LinkedHashMap<>();
        values.put("Steps", Integer.toString(steps));
        values.put("Sampler", sampler);
        ScheduleParameters.put(values, text.schedule());
        values.put("CFG scale", number(guidanceScale));
        if (request instanceof InstructEdit edit) {
            values.put("Image CFG scale", number(edit.imageGuidanceScale()));
        }
        values.put("Seed", Long.toString(seed(n)));
        values.put("Size", width + "x" + height);
        values.putAll(model);
        switch (request) {
            case ImageToImage _ -> values.put(Replay.STRENGTH, number(strength()));
            case Inpaint inpaint -> inpaint.putInto(values);
            case Outpaint outpaint -> outpaint.putInto(values);
            case HiresFix hires -> hires.putInto(values);
            case Refined refined -> refined.putInto(values, hashes);
            case TextToImage _, InstructEdit _ -> {}
        }
        text.seeding().putInto(values, n);
        if (text().guidanceRescale() > 0) {
            values.put("Guidance rescale", number(text().guidanceRescale()));
        }
        if (text().clipSkip() > 0) {
            values.put("Clip skip", Integer.toString(text().clipSkip() + 1)); // the web UI counts from 1
        }
        text().shortcuts().putInto(values);
        Image from = image(request);
        if (from != null) {
            values.put(Replay.IMAGE, AddOnParameters.hash(from));
        }
        if (request instanceof Inpaint inpaint) {
            values.put(Replay.MASK, AddOnParameters.hash(inpaint.mask()));
        }
        text().sdxl().putInto(values);
        AddOnParameters.put(values, request.text().addOns(), hashes); // with pictures as they were given
        VaeTiling.putInto(values, tile);
        if (hashes.isOn()) {
            AddOnParameters.putLoraHashes(values, PromptLoras.added(text()).loras(), hashes);
        }
        text().promptStyle().putInto(values);
        String negative = text().negativePrompt();
        if (negative != null && negative.isEmpty()) {
            values.put(Replay.EMPTY_NEGATIVE, "True");
        }
        values.put("Version", Replay.OWN_VERSION);
        return new GenerationParameters(text().prompt(), negative == null ? "" : negative, values);
    }

    static String number(double x) {
        return x == Math.rint(x) && Math.abs(x) < 1e9 ? Long.toString((long) x) : Double.toString(x);
    }
}
