package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Png;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Shortcuts on the command line: what changes the picture stands in its file. */
class ShortcutOptionsTest {
    @TempDir
    Path folder;

    private CommandRun paint(String file, String... more) {
        List<String> args =
                new ArrayList<>(List.of("an owl", "--size", "64x64", "--steps", "4", "--seed", "7", "--out"));
        args.add(folder.resolve(file).toString());
        args.addAll(Arrays.asList(more));
        return CommandRun.of(args.toArray(String[]::new));
    }

    private GenerationParameters parameters(String file) throws IOException {
        return GenerationParameters.parse(Png.readTexts(folder.resolve(file)).get(Png.PARAMETERS));
    }

    @Test
    void shortcutsAreInTheParameters() throws IOException {
        CommandRun run = paint(
                "sooner.png", "--guidance-interval", "0.25,0.75", "--cache-interval", "2", "--merge-tokens", "0.5");

        assertThat(run.err()).isEmpty();
        assertThat(run.status()).isZero();
        assertThat(parameters("sooner.png").values())
                .containsEntry("Guidance interval", "0.25 to 0.75")
                .containsEntry("DeepCache interval", "2")
                .containsEntry("Token merging ratio", "0.5");
    }

    @Test
    void withoutThemNothingIsSaidAndThePictureIsTheExactOne() throws IOException {
        paint("plain.png");
        paint("off.png", "--guidance-interval", "0,1", "--cache-interval", "1", "--merge-tokens", "0");

        assertThat(parameters("plain.png").values())
                .doesNotContainKeys("Guidance interval", "DeepCache interval", "Token merging ratio");
        assertThat(folder.resolve("off.png")).hasSameBinaryContentAs(folder.resolve("plain.png"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--guidance-interval | 0.5 | --guidance-interval: expected two numbers such as 0.2,0.8, found 1",
                "--guidance-interval | 0.8,0.2 | expected 0 <= from <= until <= 1, found 0.8 and 0.2",
                "--guidance-interval | a,b | --guidance-interval",
                "--cache-interval | 0 | cacheInterval: expected 1 or more, found 0",
                "--merge-tokens | 0.9 | mergeRatio: expected 0 to 0.75, found 0.9"
            })
    void whatMakesNoSenseIsRefused(String option, String value, String message) {
        CommandRun run = paint("never.png", option, value);

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains(message);
        assertThat(folder.resolve("never.png")).doesNotExist();
    }

    @Test
    void aGuidanceIntervalWithoutGuidanceIsRefused() {
        CommandRun run = paint("never.png", "--guidance", "1", "--guidance-interval", "0,0.5");

        assertThat(run.status()).isNotZero();
        assertThat(run.err())
                .contains("guidance interval: expected guidance by one prompt and a scale above 1, found none");
    }

    @Test
    void whatTheyGainAndCostIsMeasured() {
        String[] small = {"shortcuts", "--size", "64x64", "--steps", "2", "--pictures", "2", "--warm-up", "0"};
        List<String> args = new ArrayList<>(Arrays.asList(small));
        assertThat(CommandRun.of(small).out()).contains("exact", "--cache-interval 3", "2 pictures of 64 x 64 pixels");
        args.add("--json");
        CommandRun run = CommandRun.of(args.toArray(String[]::new));

        JsonObject report = JsonParser.parseString(run.out()).getAsJsonObject();
        JsonArray ways = report.getAsJsonArray("ways");
        assertThat(ways.get(0).getAsJsonObject().get("name").getAsString()).isEqualTo("exact");
        for (var way : ways) {
            JsonArray pictures = way.getAsJsonObject().getAsJsonArray("pictures");
            assertThat(pictures).hasSize(2);
            assertThat(pictures.get(0).getAsJsonObject().get("seconds").getAsDouble())
                    .isPositive();
        }
        JsonObject cached =
                ways.get(2).getAsJsonObject().getAsJsonArray("pictures").get(0).getAsJsonObject();
        assertThat(cached.get("psnr").getAsDouble()).isBetween(5.0, 90.0);
        assertThat(CommandRun.of("shortcuts", "--pictures", "0").err())
                .contains("--pictures: expected 1 to 12, found 0");
    }
}
