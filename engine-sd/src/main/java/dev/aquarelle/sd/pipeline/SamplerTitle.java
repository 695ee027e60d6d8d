package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.schedulers.SchedulerConfig;
import dev.aquarelle.sd.schedulers.Schedulers;
import java.util.Locale;
import java.util.Map;

/** What the web UI, and so the text inside of pictures, calls a sampler. */
final class SamplerTitle {
    private static final Map<String, String> BY_NAME = Map.ofEntries(
            Map.entry("ddim", "DDIM"),
            Map.entry("ddpm", "DDPM"),
            Map.entry("pndm", "PLMS"),
            Map.entry("plms", "PLMS"),
            Map.entry("euler", "Euler"),
            Map.entry("eulerdiscrete", "Euler"),
            Map.entry("eulera", "Euler a"),
            Map.entry("eulerancestral", "Euler a"),
            Map.entry("eulerancestraldiscrete", "Euler a"),
            Map.entry("heun", "Heun"),
            Map.entry("heundiscrete", "Heun"),
            Map.entry("dpm2", "DPM2"),
            Map.entry("dpm2a", "DPM2 a"),
            Map.entry("lms", "LMS"),
            Map.entry("lmsdiscrete", "LMS"),
            Map.entry("dpmpp2m", "DPM++ 2M"),
            Map.entry("dpmsolvermultistep", "DPM++ 2M"),
            Map.entry("dpmpp2msde", "DPM++ 2M SDE"),
            Map.entry("dpmpp3msde", "DPM++ 3M SDE"),
            Map.entry("dpmppsde", "DPM++ SDE"),
            Map.entry("unipc", "UniPC"),
            Map.entry("unipcmultistep", "UniPC"),
            Map.entry("lcm", "LCM"));

    private SamplerTitle() {}

    /** The title of a model's own scheduler: of the sampler that its options make it, or its class's name if they make it none. */
    static String of(SchedulerConfig config) {
        return Schedulers.nameOf(config).map(SamplerTitle::of).orElseGet(config::className);
    }

    /** The title of a name as users write it or of a scheduler's class; a name that has none stays as it is. */
    static String of(String name) {
        String plain = name.toLowerCase(Locale.ROOT).replace('+', 'p').replaceAll("[^a-z0-9]|scheduler$", "");
        boolean karras = plain.endsWith("karras");
        String title = BY_NAME.get(karras ? plain.substring(0, plain.length() - "karras".length()) : plain);
        return title == null ? name : karras ? title + " Karras" : title;
    }
}
