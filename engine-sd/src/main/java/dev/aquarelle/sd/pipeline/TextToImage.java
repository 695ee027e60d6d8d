package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.prompt.PromptStyle;
import dev.aquarelle.sd.schedulers.Schedule;
import dev.aquarelle.sd.schedulers.Schedulers;
import org.jspecify.annotations.Nullable;

/**
 * A request for pictures of a prompt. Immutable; what is {@code null} is left to the model's {@link ModelDefaults}.
 *
 * <pre>{@code
 * TextToImage request = TextToImage.builder("a red apple").seed(7).steps(20).build();
 * }</pre>
 *
 * @param prompt what to show
 * @param negativePrompt what not to show; has an effect with guidance only. To SDXL none at all, {@code null}, is another thing than an empty one
 * @param width in pixels, a multiple of 8
 * @param height in pixels, a multiple of 8
 * @param steps of the sampler, 1 to 1000
 * @param guidanceScale how literally the prompt is taken; 1 switches guidance off
 * @param guidanceRescale how much of the unguided contrast is restored, 0 to 1
 * @param sampler a name such as {@code euler_a} or {@code DPM++ 2M Karras}
 * @param schedule which noise levels the sampler visits; if {@code null} those of the sampler's name or of the model
 * @param seed of the first picture, the next ones have the following seeds; if {@code null} one is chosen
 * @param batch how many pictures are made side by side; a picture is the same alone and in a batch
 * @param clipSkip how many of the text encoder's last layers are left out for the prompt, in the web interface's style for the negative one too; 0 for none
 * @param sdxl what SDXL is told beside
 * @param addOns LoRAs, ControlNets and the like
 * @param promptStyle how prompt and negative prompt are read
 * @param seeding how noise is drawn of the seed
 * @param shortcuts what makes it sooner and changes it a little
 * @param vaeTiling whether the autoencoder may make it in tiles, which take less memory and change it a little
 */
public record TextToImage(
        String prompt,
        @Nullable String negativePrompt,
        @Nullable Integer width,
        @Nullable Integer height,
        @Nullable Integer steps,
        @Nullable Double guidanceScale,
        double guidanceRescale,
        @Nullable String sampler,
        @Nullable Schedule schedule,
        @Nullable Long seed,
        int batch,
        int clipSkip,
        SdxlOptions sdxl,
        AddOns addOns,
        PromptStyle promptStyle,
        Seeding seeding,
        Shortcuts shortcuts,
        VaeTiling vaeTiling)
        implements PictureRequest {
    static final int LARGEST_SIDE = 16384;
    static final int MOST_STEPS = 1000;
    private static final int LARGEST_BATCH = 64;

    /**
     * @throws IllegalArgumentException if a value is outside of its range; names it, expected, found
     * @throws dev.aquarelle.sd.schedulers.SchedulerException if there is a schedule beside a sampler that nobody knows
     */
    public TextToImage {
        requireText("prompt", prompt);
        requireSide("width", width);
        requireSide("height", height);
        require("steps", steps == null ? 1 : steps, 1, MOST_STEPS);
        if (schedule != null) {
            requireFit(schedule, sampler, steps);
        }
        require("batch", batch, 1, LARGEST_BATCH);
        require("clipSkip", clipSkip, 0, Integer.MAX_VALUE);
        var _ = new Guidance(guidanceScale == null ? 1 : guidanceScale, guidanceRescale);
    }

    @Override
    public TextToImage text() {
        return this;
    }

    /** The same with other add-ons. */
    TextToImage withAddOns(AddOns other) {
        return new TextToImage(
                prompt,
                negativePrompt,
                width,
                height,
                steps,
                guidanceScale,
                guidanceRescale,
                sampler,
                schedule,
                seed,
                batch,
                clipSkip,
                sdxl,
                other,
                promptStyle,
                seeding,
                shortcuts,
                vaeTiling);
    }

    /** A request for one picture with everything left to the model. */
    public static TextToImage of(String prompt) {
        return builder(prompt).build();
    }

    /** A request to fill in. */
    public static Builder builder(String prompt) {
        return new Builder(prompt);
    }

    /** Callers that do not check for null statically hear of it here. */
    private static void requireText(String name, @Nullable String text) {
        if (text == null) {
            throw new IllegalArgumentException("%s: expected a text, found null".formatted(name));
        }
    }

    private static void requireSide(String name, @Nullable Integer pixels) {
        if (pixels != null) {
            require(name, pixels, 8, LARGEST_SIDE);
            if (pixels % 8 != 0) {
                throw new IllegalArgumentException("%s: expected a multiple of 8, found %d".formatted(name, pixels));
            }
        }
    }

    private static void requireFit(Schedule schedule, @Nullable String sampler, @Nullable Integer steps) {
        if (sampler != null && Schedulers.namesLayout(sampler)) {
            throw new IllegalArgumentException("schedule: expected none beside the one in the sampler %s, found %s"
                    .formatted(sampler, schedule.description()));
        }
        int own = schedule.steps().orElse(1);
        require("steps of the schedule", own, 1, MOST_STEPS);
        if (schedule.steps().isPresent() && steps != null && steps != own) {
            throw new IllegalArgumentException(
                    "steps: expected %d, as many as the schedule has, found %d".formatted(own, steps));
        }
    }

    private static void require(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException("%s: expected %d to %d, found %d".formatted(name, least, most, value));
        }
    }

    /** Fills in a request; each method names a component of {@link TextToImage}. */
    public static final class Builder {
        private final String prompt;
        private @Nullable String negativePrompt;
        private @Nullable Integer width;
        private @Nullable Integer height;
        private @Nullable Integer steps;
        private @Nullable Double guidanceScale;
        private double guidanceRescale;
        private @Nullable String sampler;
        private @Nullable Schedule schedule;
        private @Nullable Long seed;
        private int batch = 1;
        private int clipSkip;
        private SdxlOptions sdxl = SdxlOptions.DEFAULT;
        private AddOns addOns = AddOns.NONE;
        private PromptStyle promptStyle = PromptStyle.PLAIN;
        private Seeding seeding = Seeding.DEFAULT;
        private Shortcuts shortcuts = Shortcuts.NONE;
        private VaeTiling vaeTiling = VaeTiling.AUTO;

        private Builder(String prompt) {
            this.prompt = prompt;
        }

        /** What not to show. */
        public Builder negativePrompt(@Nullable String negativePrompt) {
            this.negativePrompt = negativePrompt;
            return this;
        }

        /** Width and height in pixels, multiples of 8. */
        public Builder size(int width, int height) {
            this.width = width;
            this.height = height;
            return this;
        }

        /** Steps of the sampler. */
        public Builder steps(int steps) {
            this.steps = steps;
            return this;
        }

        /** How literally the prompt is taken. */
        public Builder guidanceScale(double guidanceScale) {
            this.guidanceScale = guidanceScale;
            return this;
        }

        /** How much of the unguided contrast is restored, 0 to 1. */
        public Builder guidanceRescale(double guidanceRescale) {
            this.guidanceRescale = guidanceRescale;
            return this;
        }

        /** The sampler's name. */
        public Builder sampler(String sampler) {
            this.sampler = sampler;
            return this;
        }

        /** Which noise levels the sampler visits. */
        public Builder schedule(@Nullable Schedule schedule) {
            this.schedule = schedule;
            return this;
        }

        /** The seed of the first picture. */
        public Builder seed(long seed) {
            this.seed = seed;
            return this;
        }

        /** How many pictures are made side by side. */
        public Builder batch(int batch) {
            this.batch = batch;
            return this;
        }

        /** How many of the text encoder's last layers are left out. */
        public Builder clipSkip(int clipSkip) {
            this.clipSkip = clipSkip;
            return this;
        }

        /** What SDXL is told beside. */
        public Builder sdxl(SdxlOptions sdxl) {
            this.sdxl = sdxl;
            return this;
        }

        /** LoRAs, ControlNets and the like. */
        public Builder addOns(AddOns addOns) {
            this.addOns = addOns;
            return this;
        }

        /** How prompt and negative prompt are read. */
        public Builder promptStyle(PromptStyle promptStyle) {
            this.promptStyle = promptStyle;
            return this;
        }

        /** How noise is drawn of the seed. */
        public Builder seeding(Seeding seeding) {
            this.seeding = seeding;
            return this;
        }

        /** What makes it sooner and changes it a little. */
        public Builder shortcuts(Shortcuts shortcuts) {
            this.shortcuts = shortcuts;
            return this;
        }

        /** Whether the autoencoder may make it in tiles. */
        public Builder vaeTiling(VaeTiling vaeTiling) {
            this.vaeTiling = vaeTiling;
            return this;
        }

        /**
         * The request.
         *
         * @throws IllegalArgumentException if a value is outside of its range
         */
        public TextToImage build() {
            return new TextToImage(
                    prompt,
                    negativePrompt,
                    width,
                    height,
                    steps,
                    guidanceScale,
                    guidanceRescale,
                    sampler,
                    schedule,
                    seed,
                    batch,
                    clipSkip,
                    sdxl,
                    addOns,
                    promptStyle,
                    seeding,
                    shortcuts,
                    vaeTiling);
        }
    }
}
