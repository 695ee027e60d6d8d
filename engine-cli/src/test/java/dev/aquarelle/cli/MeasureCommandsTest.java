package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What {@code bench} and {@code profile} say of the demo model. How long anything takes is not looked at. */
class MeasureCommandsTest {
    private static final String SMALL = "64x64";

    @Test
    void benchMeasuresEachPart() {
        JsonObject report = json("bench", "--json", "--rounds", "2", "--warm-up", "0", "--size", SMALL);

        assertThat(report.get("backend").getAsString()).isEqualTo("cpu");
        List<JsonObject> parts = objects(report, "parts");
        assertThat(parts).extracting(part -> part.get("part").getAsString()).containsExactly("text", "unet", "vae");
        for (JsonObject part : parts) {
            assertThat(part.get("size").getAsString()).isEqualTo(SMALL);
            assertThat(part.getAsJsonArray("calls")).hasSize(2);
            assertThat(part.get("medianSeconds").getAsDouble())
                    .isBetween(
                            part.get("minSeconds").getAsDouble(),
                            part.get("maxSeconds").getAsDouble());
            assertThat(part.get("flops").getAsLong()).isPositive();
            assertThat(part.get("plannedBytes").getAsLong()).isPositive();
        }
    }

    @Test
    void benchPrintsALineForEachPart() {
        CommandRun run =
                CommandRun.of("bench", "--rounds", "1", "--warm-up", "0.1", "--what", "text,vae", "--size", SMALL);

        assertThat(run.status()).isZero();
        assertThat(run.out()).contains("text encoder", "VAE decode 64x64").doesNotContain("U-Net step");
    }

    @Test
    void benchMeasuresHowLongItTakesToStop() {
        JsonObject report = json("bench", "--json", "--stops", "3", "--size", "128x64");

        assertThat(report.get("wholeSeconds").getAsDouble()).isPositive();
        assertThat(objects(report, "stops")).hasSize(3).allSatisfy(stop -> {
            assertThat(stop.get("seconds").getAsDouble())
                    .isBetween(0.0, report.get("wholeSeconds").getAsDouble());
            assertThat(stop.get("millis").getAsDouble()).isBetween(0.0, 60_000.0);
        });
        assertThat(CommandRun.of("bench", "--stops", "2", "--size", "64x64").out())
                .contains("2 pictures of ", "p50", "p99", "all");
    }

    @Test
    void benchRefusesWhatMakesNoSense() {
        assertThat(CommandRun.of("bench", "--stops", "0").err()).contains("--stops: expected 1 or more, found 0");
        assertThat(CommandRun.of("bench", "--rounds", "0").err()).contains("--rounds: expected 1 or more, found 0");
        assertThat(CommandRun.of("bench", "--size", "65x64").err())
                .contains("expected multiples of 8 for this model, found 65 x 64");
    }

    @Test
    void aProfilesSharesAddUpToTheWhole() {
        JsonObject profile = json("profile", "a red apple", "--json", "--steps", "2", "--size", SMALL);

        assertThat(profile.get("samplerSteps").getAsInt()).isEqualTo(2);
        double outside = profile.getAsJsonObject("outside").get("percent").getAsDouble();
        for (String list : List.of("scopes", "kernels", "operations")) {
            double shares = objects(profile, list).stream()
                    .mapToDouble(row -> row.get("percent").getAsDouble())
                    .sum();
            assertThat(shares + outside).as(list).isCloseTo(100, within(1e-6));
        }
        assertThat(names(profile, "scopes"))
                .contains("text_encoder", "unet.down_blocks.0", "unet.mid_block", "vae.decoder.mid_block");
        assertThat(names(profile, "kernels"))
                .contains("fewRows of linear", "attention of attention", "winograd of conv2d");
        assertThat(names(profile, "operations")).anyMatch(name -> name.startsWith("conv2d [[1, 64, 64, "));
    }

    @Test
    void aProfileOfABackendWithoutEventsSaysSo() {
        CommandRun run =
                CommandRun.of("profile", "a red apple", "--backend", "reference", "--steps", "1", "--size", "8x8");

        assertThat(run.status()).isZero();
        assertThat(run.out()).contains("This backend does not tell of its steps");
    }

    private static JsonObject json(String... args) {
        CommandRun run = CommandRun.of(args);
        assertThat(run.err()).isEmpty();
        assertThat(run.status()).isZero();
        return JsonParser.parseString(run.out()).getAsJsonObject();
    }

    private static List<JsonObject> objects(JsonObject json, String key) {
        return json.getAsJsonArray(key).asList().stream()
                .map(JsonElement::getAsJsonObject)
                .toList();
    }

    private static List<String> names(JsonObject json, String key) {
        return objects(json, key).stream()
                .map(row -> row.get("name").getAsString())
                .toList();
    }
}
