package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.lora.LoraWeight;
import dev.aquarelle.sd.prompt.PromptStyle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Prompts as the web interface reads them, on the demo model. */
class WebUiPromptTest {
    private static StableDiffusion engine;

    @TempDir
    private Path folder;

    @BeforeAll
    static void load() {
        engine = StableDiffusion.load(DemoModel.path());
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    private static TextToImage.Builder request(String prompt) {
        return TextToImage.builder(prompt)
                .size(64, 48)
                .steps(3)
                .seed(7)
                .guidanceScale(4)
                .promptStyle(PromptStyle.WEB_UI);
    }

    private static Image paint(TextToImage.Builder request) {
        return engine.generate(request.build()).getFirst().image();
    }

    private static Image paint(String prompt) {
        return paint(request(prompt));
    }

    private static Image plain(TextToImage.Builder request) {
        return paint(request.promptStyle(PromptStyle.PLAIN));
    }

    @Test
    void aPromptWithoutMarksIsTheSamePictureInBothStyles() {
        assertThat(paint("an owl, at night")).isEqualTo(plain(request("an owl, at night")));
        assertThat(paint(request("an owl").negativePrompt("blue")))
                .isEqualTo(plain(request("an owl").negativePrompt("blue")));
        assertThat(paint("an (owl)")).isNotEqualTo(plain(request("an (owl)")));
    }

    @Test
    void commentsAreNotReadButInPlainStyle() {
        String commented = "an owl# (at night AND <lora:none> [a:b\n# whole lines\nin a tree #";

        assertThat(paint(commented)).isEqualTo(paint("an owl in a tree"));
        assertThat(paint(request("an owl").negativePrompt("blue# red")))
                .isEqualTo(paint(request("an owl").negativePrompt("blue")));
        assertThat(plain(request("an owl # red"))).isNotEqualTo(plain(request("an owl")));
        assertThat(engine.parameters(request(commented).build()).prompt()).isEqualTo(commented);
    }

    /** Pairs of prompts that are one and the same. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = ';',
            value = {
                "an (owl:1.0); an owl",
                "a [[cat:owl:0]; a [owl",
                "a [owl:cat:3]; a owl",
                "[an owl|an owl]; an owl",
                "an owl AND a red house :0; an owl",
                "an owl BREAK; an owl",
                "(an owl:1.21); ((an owl))",
            })
    void meansTheSame(String one, String other) {
        assertThat(paint(one)).isEqualTo(paint(other));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = ';',
            value = {
                "an (owl:1.5)",
                "an [owl]",
                "[an owl:a red house:1]",
                "[an owl|a red house]",
                "an owl AND a red house",
                "an owl :0.5",
                "an owl BREAK a red house",
            })
    void meansAnotherPicture(String prompt) {
        assertThat(paint(prompt)).isNotEqualTo(paint("an owl")).isNotEqualTo(paint("an owl a red house"));
    }

    @Test
    void aWeightOfTheWholePromptIsOneOfGuidance() {
        assertThat(paint(request("an owl :2").guidanceScale(2))).isEqualTo(paint("an owl"));
    }

    @Test
    void theNegativePromptIsReadSoToo() {
        Image red = paint(request("an owl").negativePrompt("red"));

        assertThat(paint(request("an owl").negativePrompt("[blue:red:0]"))).isEqualTo(red);
        assertThat(paint(request("an owl").negativePrompt("(red:1.5)"))).isNotEqualTo(red);
        assertThat(paint(request("an owl").negativePrompt("red AND blue")))
                .isNotEqualTo(red)
                .isEqualTo(paint(request("an owl").negativePrompt("red and blue")));
    }

    @Test
    void aPromptOfTwoHundredTokensCountsToItsEnd() throws IOException {
        String owls = "an owl and a cat, ".repeat(40);
        Image owl = paint(owls + "a red house");

        assertThat(owl).isNotEqualTo(paint(owls + "a blue boat"));
        assertThat(plain(request(owls + "a red house"))).isEqualTo(plain(request(owls + "a blue boat")));
        assertThat(paint(request("an owl").negativePrompt(owls))).isNotEqualTo(paint("an owl"));
        Control control = Control.of(DemoAddOns.controlNet(folder), Image.of(64, 48, new byte[3 * 64 * 48]));
        assertThat(paint(request(owls).addOns(AddOns.NONE.withControlNet(control))))
                .isNotEqualTo(paint(owls));
    }

    @Test
    void aComposedPictureIsTheSameAloneAndInABatch() throws IOException {
        AddOns addOns = AddOns.NONE.withControlNet(
                Control.of(DemoAddOns.controlNet(folder), Image.of(64, 48, new byte[3 * 64 * 48])));
        TextToImage.Builder request =
                request("[an owl|a cat] AND a red house :0.7").addOns(addOns).sampler("heun");
        Image second = engine.generate(request.batch(2).build()).get(1).image();

        assertThat(paint(request.batch(1).seed(8))).isEqualTo(second);
        assertThatThrownBy(() -> paint(request.addOns(addOns.withGuessMode(true))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("guess mode: expected a prompt of one part");
    }

    @Test
    void lorasByName() throws IOException {
        Path file = DemoAddOns.lora(Files.createDirectories(folder.resolve("people")));
        AddOns addOns = AddOns.NONE.withLoraFolder(folder);

        assertThat(paint(request("an owl<lora:lora:0.5:2>").addOns(addOns)))
                .isEqualTo(paint(request("an owl").addOns(AddOns.NONE.with(new Lora(file, LoraWeight.of(2, 0.5))))))
                .isNotEqualTo(paint("an owl"));
        assertThatThrownBy(() -> paint(request("an owl <lora:Laura:1>").addOns(addOns)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("prompt: <lora:Laura>: expected Laura.safetensors in %s, found lora", folder);
        assertThatThrownBy(() -> paint(request("an owl <lora:../lora>").addOns(addOns)))
                .hasMessageContaining("found lora");
        assertThatThrownBy(() -> paint("an owl <lora:lora>"))
                .hasMessage("prompt: <lora:lora>: expected a folder of LoRAs in the request's add-ons, found none");
        assertThatThrownBy(() -> paint(
                        request("an owl <lora:lora>").addOns(AddOns.NONE.withLoraFolder(folder.resolve("nowhere")))))
                .hasMessageStartingWith("prompt: expected a folder of LoRAs at");
        Files.copy(file, folder.resolve("lora.safetensors"));
        assertThatThrownBy(() -> paint(request("an owl <lora:lora>").addOns(addOns)))
                .hasMessageContaining("expected one lora.safetensors in");
        assertThat(plain(request("an owl <lora:lora>").addOns(addOns))).isNotNull();
    }

    @Test
    void clipSkipIsForTheNegativePromptToo() {
        TextToImage.Builder request = request("an owl").negativePrompt("red").clipSkip(1);

        assertThat(paint(request)).isNotEqualTo(plain(request));
        assertThatThrownBy(() -> paint(request("an owl").clipSkip(100))).hasMessageStartingWith("clipSkip: expected 0");
    }

    @Test
    void whatCannotBeObeyedIsRefused() {
        assertThatThrownBy(() -> paint(request("an owl AND a cat").guidanceRescale(0.5)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("guidanceRescale: expected 0 for prompts with AND between them");
        assertThatThrownBy(() -> paint("a".repeat(20_001)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("prompt: expected at most 20000 characters, found 20001");
        InstructEdit edit =
                new InstructEdit(request("red AND blue").build(), Image.of(64, 48, new byte[3 * 64 * 48]), 1.5);
        assertThatThrownBy(() -> SettledRequest.of(edit, engine.defaults(), false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("prompt: expected a single instruction without a weight");
        TextToImage.Builder two = request("an owl AND a cat").sdxl(SdxlOptions.DEFAULT.withPrompts("an owl", null));
        assertThatThrownBy(() -> paint(two))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("second prompt: expected 2 parts with AND between them, found 1");
    }

    @Test
    void parametersTellTheStyleAndKeepTheText() {
        GeneratedImage marked = engine.generate(request("an (owl:1.2)").build()).getFirst();
        GeneratedImage plain = engine.generate(
                        request("an owl").promptStyle(PromptStyle.PLAIN).build())
                .getFirst();

        assertThat(marked.parameters().prompt()).isEqualTo("an (owl:1.2)");
        assertThat(PromptStyle.of(marked.parameters().values().get(PromptStyle.KEY)))
                .isEqualTo(PromptStyle.WEB_UI);
        assertThat(PromptStyle.of(plain.parameters().values().get(PromptStyle.KEY)))
                .isEqualTo(PromptStyle.PLAIN);
        assertThatThrownBy(() -> PromptStyle.of("verse")).hasMessage("Prompt style: expected 'plain', found 'verse'");
    }

    @Test
    void textsForTwoEncodersAreThoseOfTheSameSteps() {
        List<ScheduledTexts.Texts> texts = ScheduledTexts.of("[a:b:1]", "c", 3).all();

        assertThat(texts).containsExactly(new ScheduledTexts.Texts("a", "c"), new ScheduledTexts.Texts("b", "c"));
    }
}
