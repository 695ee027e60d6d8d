package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.sd.checkpoint.ModelFolder;
import dev.aquarelle.sd.image.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Shortcuts on the demo model, a few steps at a time. */
class ShortcutsTest {
    private static final Shortcuts ALL =
            Shortcuts.NONE.withGuidanceInterval(0.2, 0.8).withCacheInterval(2).withMergeRatio(0.5);

    private static StableDiffusion engine;
    private static Image plain;

    @TempDir
    private Path folder;

    @BeforeAll
    static void load() {
        engine = StableDiffusion.load(DemoModel.path());
        plain = owl(Shortcuts.NONE);
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    private static TextToImage.Builder request() {
        return TextToImage.builder("an owl").size(64, 48).steps(6).seed(7).sampler("euler");
    }

    private static Image owl(Shortcuts shortcuts) {
        return picture(request().shortcuts(shortcuts));
    }

    private static Image picture(TextToImage.Builder request) {
        return engine.generate(request.build()).getFirst().image();
    }

    private static int largestDifference(Image a, Image b) {
        byte[] left = a.toByteArray();
        byte[] right = b.toByteArray();
        int largest = 0;
        for (int i = 0; i < left.length; i++) {
            largest = Math.max(largest, Math.abs((left[i] & 0xFF) - (right[i] & 0xFF)));
        }
        return largest;
    }

    static Stream<Shortcuts> ways() {
        return Stream.of(
                Shortcuts.NONE.withGuidanceInterval(0, 0.5),
                Shortcuts.NONE.withGuidanceInterval(0.4, 1),
                Shortcuts.NONE.withCacheInterval(2),
                Shortcuts.NONE.withCacheInterval(5),
                Shortcuts.NONE.withMergeRatio(0.25),
                Shortcuts.NONE.withMergeRatio(0.75),
                ALL);
    }

    @ParameterizedTest
    @MethodSource("ways")
    void eachChangesThePictureWhichIsTheSameAgainAndInABatch(Shortcuts shortcuts) {
        Image changed = owl(shortcuts);

        assertThat(changed).isNotEqualTo(plain);
        assertThat(owl(shortcuts)).isEqualTo(changed);
        assertThat(owl(Shortcuts.NONE)).isEqualTo(plain);
        List<GeneratedImage> batch =
                engine.generate(request().seed(6).batch(3).shortcuts(shortcuts).build());
        assertThat(batch.get(1).image()).isEqualTo(changed);
    }

    @Test
    void whatIsOffChangesNothing() {
        assertThat(owl(new Shortcuts(0, 1, 1, 0))).isEqualTo(plain);
        assertThat(owl(Shortcuts.NONE.withMergeRatio(1e-6)))
                .as("no whole token")
                .isEqualTo(plain);
    }

    @Test
    void withoutGuidanceInAnyStepItIsThePictureWithoutGuidance() {
        Image unguided = picture(request().guidanceScale(1));

        assertThat(owl(Shortcuts.NONE.withGuidanceInterval(0.5, 0.5))).isEqualTo(unguided);
    }

    @Test
    void aSmallPartOfTheStepsCostsLittle() {
        Image nearly = owl(Shortcuts.NONE.withGuidanceInterval(0, 0.99));

        assertThat(nearly).isNotEqualTo(plain);
        assertThat(largestDifference(nearly, plain)).isLessThan(64);
    }

    @Test
    void aCallIsWholeWhereTheIntervalOrTheNumberOfLooksBegins() {
        CallPlan plan =
                new CallPlan(Shortcuts.NONE.withGuidanceInterval(0.25, 0.75).withCacheInterval(3), 2, 12);

        assertThat(Stream.iterate(0, call -> call + 1).limit(12).map(plan::looks))
                .containsExactly(1, 1, 1, 2, 2, 2, 2, 2, 2, 1, 1, 1);
        assertThat(Stream.iterate(0, call -> call + 1)
                        .limit(12)
                        .map(call -> plan.variant(call).deep().name().charAt(0)))
                .containsExactly('K', 'G', 'G', 'K', 'G', 'G', 'K', 'G', 'G', 'K', 'G', 'G');
        CallPlan other =
                new CallPlan(Shortcuts.NONE.withGuidanceInterval(0, 0.29).withCacheInterval(4), 2, 7);
        assertThat(Stream.iterate(0, call -> call + 1).limit(7).map(other::looks))
                .containsExactly(2, 2, 1, 1, 1, 1, 1);
        assertThat(Stream.iterate(0, call -> call + 1)
                        .limit(7)
                        .map(call -> other.variant(call).deep().name().charAt(0)))
                .containsExactly('K', 'G', 'K', 'G', 'G', 'G', 'K');
    }

    @ParameterizedTest
    @ValueSource(strings = {"heun", "euler_a", "ddim", "pndm", "dpmpp_2m_karras"})
    void samplersOfEachKindTakeThem(String sampler) {
        Image exact = picture(request().sampler(sampler));
        Image shortcut = picture(request().sampler(sampler).shortcuts(ALL));

        assertThat(shortcut).isNotEqualTo(exact);
        assertThat(picture(request().sampler(sampler).shortcuts(ALL))).isEqualTo(shortcut);
    }

    @Test
    void picturesThatStartFromOthersTakeThem() {
        byte[] white = new byte[64 * 48 * 3];
        Arrays.fill(white, (byte) 200);
        Image source = Image.of(64, 48, white);
        Image exact = engine.generate(new ImageToImage(request().build(), source, 0.7))
                .getFirst()
                .image();
        Image shortcut = engine.generate(
                        new ImageToImage(request().shortcuts(ALL).build(), source, 0.7))
                .getFirst()
                .image();

        assertThat(shortcut).isNotEqualTo(exact);
    }

    @Test
    void controlNetsSteerTogetherWithThem() throws IOException {
        byte[] stripes = new byte[3 * 64 * 48];
        for (int i = 0; i < stripes.length; i++) {
            stripes[i] = (byte) (i / 24 % 2 * 255);
        }
        Control control = Control.of(DemoAddOns.controlNet(folder), Image.of(64, 48, stripes));
        AddOns addOns = AddOns.NONE.withControlNet(control);
        Image unsteered = owl(ALL);
        Image steered = picture(request().shortcuts(ALL).addOns(addOns));

        assertThat(steered).isNotEqualTo(unsteered);
        assertThat(steered).isNotEqualTo(picture(request().addOns(addOns)));
        assertThat(engine.generate(request()
                                .seed(6)
                                .batch(2)
                                .shortcuts(ALL)
                                .addOns(addOns)
                                .build())
                        .get(1)
                        .image())
                .isEqualTo(steered);
        assertThat(picture(request().shortcuts(ALL).addOns(addOns.withGuessMode(true))))
                .isNotEqualTo(steered)
                .isNotEqualTo(unsteered);
        assertThat(picture(request().shortcuts(ALL).addOns(AddOns.NONE.withControlNet(control.withScale(0)))))
                .isEqualTo(unsteered);
    }

    @Test
    void anIntervalWithoutGuidanceIsRefused() {
        Shortcuts interval = Shortcuts.NONE.withGuidanceInterval(0, 0.5);

        assertThatThrownBy(() -> picture(request().guidanceScale(1).shortcuts(interval)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("guidance interval: expected guidance by one prompt and a scale above 1, found none");
        SettledRequest edit = SettledRequest.of(
                new InstructEdit(request().shortcuts(interval).build(), plain, 1.5),
                new ModelDefaults("demo", 64, 64, 1, 5, ""),
                false);
        assertThatThrownBy(() -> interval.requireSense(edit))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "guidance interval: expected guidance by one prompt and a scale above 1, found one of 3 looks");
    }

    @Test
    void numbersOutsideOfTheirRangeAreRefused() {
        assertThatThrownBy(() -> Shortcuts.NONE.withGuidanceInterval(0.5, 0.4))
                .hasMessage("guidance interval: expected 0 <= from <= until <= 1, found 0.5 and 0.4");
        assertThatThrownBy(() -> Shortcuts.NONE.withGuidanceInterval(Double.NaN, 1))
                .hasMessageContaining("found NaN and 1.0");
        assertThatThrownBy(() -> Shortcuts.NONE.withCacheInterval(0))
                .hasMessage("cacheInterval: expected 1 or more, found 0");
        assertThatThrownBy(() -> Shortcuts.NONE.withMergeRatio(0.8))
                .hasMessage("mergeRatio: expected 0 to 0.75, found 0.8");
    }

    @ParameterizedTest
    @MethodSource("ways")
    void theParametersOfAPictureSayThem(Shortcuts shortcuts) {
        SequencedMap<String, String> values = new LinkedHashMap<>();
        shortcuts.putInto(values);

        assertThat(read(values)).isEqualTo(shortcuts);
        assertThat(engine.generate(request().steps(2).shortcuts(shortcuts).build())
                        .getFirst()
                        .parameters()
                        .values())
                .containsAllEntriesOf(values);
    }

    @Test
    void parametersThatSayNothingOfThemMeanNone() {
        SequencedMap<String, String> values = new LinkedHashMap<>();
        Shortcuts.NONE.putInto(values);

        assertThat(values).isEmpty();
        assertThat(read(Map.of("Steps", "20"))).isEqualTo(Shortcuts.NONE);
        assertThat(read(Map.of("Token merging ratio", "0.3"))).isEqualTo(Shortcuts.NONE.withMergeRatio(0.3));
        assertThatThrownBy(() -> read(Map.of("Token merging ratio", "much")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("parameters: Token merging ratio: expected a number, found much");
        for (String broken : new String[] {"0.5", "0.5 to", "0.2 to 0.4 to 0.6", "a to b"}) {
            assertThatThrownBy(() -> read(Map.of("Guidance interval", broken)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "parameters: Guidance interval: expected two numbers such as 0.2 to 0.8, found " + broken);
        }
        assertThatThrownBy(() -> read(Map.of("DeepCache interval", "1.5")))
                .hasMessage("parameters: DeepCache interval: expected a whole number, found 1.5");
    }

    private static Shortcuts read(Map<String, String> values) {
        return Shortcuts.takenFrom(new ParameterReader(values));
    }

    @Test
    void aPictureIsMadeAgainFromItsParameters() {
        GeneratedImage picture =
                engine.generate(request().shortcuts(ALL).build()).getFirst();
        ReplayFiles none = new ReplayFiles() {
            @Override
            public Path file(String what, String name) {
                throw new AssertionError("no file is named");
            }

            @Override
            public Image picture(String what, String sha256) {
                throw new AssertionError("no picture is named");
            }
        };
        Replay replay = Replay.of(engine, picture.parameters(), none);

        assertThat(replay.ignored()).isEmpty();
        assertThat(engine.generate(replay.request()).getFirst().image()).isEqualTo(picture.image());
    }

    @Test
    void allProgramsStayWithinTheBudgetOrAreRefusedBeforeAnyStep() {
        CountingBackend unlimited = new CountingBackend("cpu");
        long most;
        try (StableDiffusion measured = limited(unlimited, MemoryBudget.UNLIMITED)) {
            measured.generate(request().shortcuts(ALL).build());
            measured.generate(request().shortcuts(ALL).build());
            // text encoder, decoder, and the denoiser whole and shallow, with two looks and with one
            assertThat(unlimited.compiled).isEqualTo(6);
            most = unlimited.mostBytes;
        }
        CountingBackend backend = new CountingBackend("cpu");
        try (StableDiffusion small = limited(backend, new MemoryBudget(most - 1))) {
            assertThat(small.generate(request().shortcuts(ALL).build())
                            .getFirst()
                            .image())
                    .isEqualTo(owl(ALL)); // the decoder gives way
            assertThat(backend.mostBytes).isLessThan(most);
        }
        CountingBackend tiny = new CountingBackend("cpu");
        try (StableDiffusion smallest = limited(tiny, new MemoryBudget(most / 3))) {
            int runs = tiny.runs;
            assertThatThrownBy(() -> smallest.generate(request().shortcuts(ALL).build()))
                    .isInstanceOf(MemoryBudgetException.class);
            assertThat(tiny.runs).isEqualTo(runs);
        }
    }

    private static StableDiffusion limited(CountingBackend backend, MemoryBudget budget) {
        return new StableDiffusion(
                ModelFolder.open(DemoModel.path()), backend, new EngineOptions("cpu", BackendOptions.DEFAULT, budget));
    }
}
