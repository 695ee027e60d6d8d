package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.prompt.PromptStyle;
import dev.aquarelle.sd.schedulers.Schedule;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A picture made again: the way back from the parameters in its file to the request that it was made by, be it by this engine or by the web UI of
 * AUTOMATIC1111.
 *
 * <pre>{@code
 * GenerationParameters parameters = GenerationParameters.parse(Png.readTexts(file).get(Png.PARAMETERS));
 * Replay replay = Replay.of(engine, parameters, files);
 * GeneratedImage again = engine.generate(replay.request()).getFirst();
 * }</pre>
 *
 * @param request what makes the picture
 * @param ignored names of parameters that mean nothing here, so that the picture may differ
 */
public record Replay(PictureRequest request, List<String> ignored) {
    /** The name of the model in the parameters. */
    public static final String MODEL = "Model";

    /** The hash of the picture that it was made from. */
    static final String IMAGE = "Init image hash";

    /** The hash of the mask. */
    static final String MASK = "Mask hash";

    /** Said of an empty negative prompt, which to SDXL is another thing than none. */
    static final String EMPTY_NEGATIVE = "Empty negative prompt";

    /** How much of a picture becomes new. */
    static final String STRENGTH = "Denoising strength";
    /** What this engine says it is. */
    static final String OWN_VERSION = "Aquarelle";

    private static final String IMAGE_GUIDANCE = "Image CFG scale";

    /** What says how it was made without changing it, or is compared otherwise. */
    private static final List<String> TELLING =
            List.of(MODEL, "Model hash", "VAE", "VAE hash", "Prediction type", "Version");

    /** Copies the list. */
    public Replay {
        ignored = List.copyOf(ignored);
    }

    /**
     * Reads what a picture was made by.
     *
     * @param engine that shall make it again
     * @param files finds LoRAs, pictures and the like that are named
     * @throws IllegalArgumentException if a parameter is broken, or a file that is named is not found
     */
    public static Replay of(StableDiffusion engine, GenerationParameters parameters, ReplayFiles files) {
        ParameterReader values = new ParameterReader(parameters.values());
        TextToImage text = text(engine, parameters, values, files);
        PictureRequest request = request(text, values, files);
        TELLING.forEach(values::text);
        return new Replay(request, values.left().stream().toList());
    }

    private static TextToImage text(
            StableDiffusion engine, GenerationParameters parameters, ParameterReader values, ReplayFiles files) {
        TextToImage.Builder builder = TextToImage.builder(parameters.prompt())
                .negativePrompt(negative(parameters, values))
                .guidanceRescale(values.number("Guidance rescale", 0))
                .clipSkip(Math.max(0, values.integer("Clip skip", 1) - 1)) // the web UI counts from 1
                .sdxl(SdxlOptions.takenFrom(values))
                .promptStyle(PromptStyle.of(values.text(PromptStyle.KEY)))
                .shortcuts(Shortcuts.takenFrom(values))
                .addOns(AddOnParameters.takenFrom(values, files).withLorasByName(name -> files.file("LoRA", name)))
                .vaeTiling(VaeTiling.takenFrom(values))
                .seeding(Seeding.takenFrom(values, generator(parameters)));
        SdxlOptions.Size size = values.size("Size");
        if (size != null) {
            builder.size(size.width(), size.height());
        }
        if (values.has("Steps")) {
            builder.steps(values.integer("Steps", 0));
        }
        if (values.has("CFG scale")) {
            builder.guidanceScale(values.number("CFG scale", 0));
        }
        Long seed = values.seed("Seed");
        if (seed != null) {
            builder.seed(seed);
        }
        String title = values.text("Sampler");
        Schedule schedule = ScheduleParameters.takenFrom(values, title, isOfWebUi(parameters));
        String sampler = title == null ? null : engine.samplerOf(title, schedule);
        if (sampler != null) {
            builder.sampler(sampler);
        }
        return builder.schedule(schedule).build();
    }

    /** The web UI draws as Nvidia's GPUs do where it does not say otherwise. */
    private static Seeding.Generator generator(GenerationParameters parameters) {
        return isOfWebUi(parameters) ? Seeding.Generator.PHILOX : Seeding.Generator.TORCH_CPU;
    }

    private static boolean isOfWebUi(GenerationParameters parameters) {
        return !parameters.values().getOrDefault("Version", OWN_VERSION).equals(OWN_VERSION);
    }

    private static @Nullable String negative(GenerationParameters parameters, ParameterReader values) {
        boolean empty = values.text(EMPTY_NEGATIVE) != null;
        return parameters.negativePrompt().isEmpty() && !empty ? null : parameters.negativePrompt();
    }

    private static PictureRequest request(TextToImage text, ParameterReader values, ReplayFiles files) {
        HiresFix hires = HiresFix.takenFrom(text, values, files);
        if (hires != null) {
            return hires;
        }
        Refined refined = Refined.takenFrom(text, values, files);
        if (refined != null) {
            return refined;
        }
        boolean fromPicture = values.has(IMAGE) || values.has(STRENGTH) || values.has(IMAGE_GUIDANCE);
        if (!fromPicture) {
            return text;
        }
        Image image = files.picture("the picture that it was made from", values.text(IMAGE, ""));
        if (values.has(IMAGE_GUIDANCE)) {
            return new InstructEdit(text, image, values.number(IMAGE_GUIDANCE, 1));
        }
        Outpaint outpaint = Outpaint.takenFrom(text, image, values);
        if (outpaint != null) {
            return outpaint;
        }
        double strength = values.number(STRENGTH, 1);
        if (!values.has(MASK) && !MaskUse.isIn(values)) {
            return new ImageToImage(text, image, strength);
        }
        String hash = values.text(MASK, "");
        MaskUse use = MaskUse.takenFrom(values);
        return new Inpaint(
                text, image, files.picture("the mask", hash), strength, hash.isEmpty() ? use.keepingOriginal() : use);
    }
}
