package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.image.GenerationParameters;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A request with everything that it left open.
 *
 * @param sampler its name; empty for the model's own scheduler
 */
record SettledRequest(
        TextToImage request, int width, int height, int steps, Guidance guidance, String sampler, long seed) {
    private static final long LARGEST_CHOSEN_SEED = 0xFFFF_FFFFL; // all that torch's CPU generator takes of a seed

    static SettledRequest of(TextToImage request, ModelDefaults defaults) {
        double scale = request.guidanceScale() == null ? defaults.guidance() : request.guidanceScale();
        return new SettledRequest(
                request,
                request.width() == null ? defaults.width() : request.width(),
                request.height() == null ? defaults.height() : request.height(),
                request.steps() == null ? defaults.steps() : request.steps(),
                new Guidance(scale, request.guidanceRescale()),
                request.sampler() == null ? defaults.sampler() : request.sampler(),
                request.seed() == null
                        ? ThreadLocalRandom.current().nextLong(LARGEST_CHOSEN_SEED + 1)
                        : request.seed());
    }

    int batch() {
        return request.batch();
    }

    /** Pictures that the denoiser looks at together: with guidance each one twice. */
    int samples() {
        return guidance.isOn() ? 2 * batch() : batch();
    }

    /**
     * What stands in the file of the n-th picture.
     *
     * @param model its name
     * @param sampler its title
     */
    GenerationParameters parameters(String model, String sampler, int n) {
        SequencedMap<String, String> values = new LinkedHashMap<>();
        values.put("Steps", Integer.toString(steps));
        values.put("Sampler", sampler);
        values.put("CFG scale", number(guidance.scale()));
        values.put("Seed", Long.toString(seed + n));
        values.put("Size", width + "x" + height);
        values.put("Model", model);
        if (guidance.rescale() > 0) {
            values.put("Guidance rescale", number(guidance.rescale()));
        }
        if (request.clipSkip() > 0) {
            values.put("Clip skip", Integer.toString(request.clipSkip() + 1)); // the web UI counts from 1
        }
        values.put("Version", "Aquarelle");
        return new GenerationParameters(request.prompt(), request.negativePrompt(), values);
    }

    private static String number(double x) {
        return x == Math.rint(x) && Math.abs(x) < 1e9 ? Long.toString((long) x) : Double.toString(x);
    }
}
