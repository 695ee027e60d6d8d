package dev.aquarelle.cli;

import dev.aquarelle.sd.pipeline.AddOns;
import dev.aquarelle.sd.prompt.PromptStyle;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** How prompts are read, as the options say. */
final class PromptOptions {
    private static final String WEB_UI = "webui";
    private static final String PLAIN = "plain";

    @Option(
            names = "--prompt-style",
            paramLabel = "STYLE",
            converter = Style.class,
            description =
                    "webui: with weights as in (word:1.2), <lora:name:0.8> and the other marks of AUTOMATIC1111's web"
                            + " UI, as long as you like. plain: all is text, cut at 75 tokens (default: webui).")
    private PromptStyle style = PromptStyle.WEB_UI;

    @Option(
            names = "--lora-dir",
            paramLabel = "DIR",
            description = "Where <lora:name> looks for name.safetensors (default: loras beside models.json).")
    private @Nullable Path loraFolder;

    /** Reads the option's names. */
    static final class Style implements ITypeConverter<PromptStyle> {
        @Override
        public PromptStyle convert(String value) {
            return switch (value) {
                case WEB_UI -> PromptStyle.WEB_UI;
                case PLAIN -> PromptStyle.PLAIN;
                default ->
                    throw new TypeConversionException("expected %s or %s, found '%s'".formatted(WEB_UI, PLAIN, value));
            };
        }
    }

    PromptStyle style() {
        return style;
    }

    /** The same with the folder that prompts take LoRAs from. */
    AddOns with(AddOns addOns) {
        return addOns.withLoraFolder(
                loraFolder != null ? loraFolder : ModelRegistry.ofUser().loraFolder());
    }
}
