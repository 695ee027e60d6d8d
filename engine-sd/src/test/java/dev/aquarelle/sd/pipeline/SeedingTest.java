package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.random.PhiloxGenerator;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.sd.image.Image;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What noise a request is made of, on the demo model. */
class SeedingTest {
    private static final Seeding PHILOX = Seeding.DEFAULT.by(Seeding.Generator.PHILOX);

    private static StableDiffusion engine;

    @BeforeAll
    static void load() {
        engine = StableDiffusion.load(DemoModel.path());
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    private static TextToImage.Builder owl() {
        return TextToImage.builder("an owl").size(64, 48).steps(3).seed(7).sampler("euler_a");
    }

    private static Image picture(TextToImage.Builder request) {
        return engine.generate(request.build()).getFirst().image();
    }

    @Test
    void philoxDrawsOncePerPictureForTheStartAndOnceMoreForEachStep() {
        SettledRequest s = SettledRequest.of(owl().seeding(PHILOX).batch(2).build(), engine.defaults(), false);
        NoiseSources noise = NoiseSources.of(s, 8);
        PhiloxGenerator second = new PhiloxGenerator(8);
        Tensor start = Latents.channelsLast(second.randn(1, 4, 6, 8));
        Tensor step = Latents.channelsLast(second.randn(1, 4, 6, 8));

        Shape shape = Shape.of(2, 6, 8, 4);
        noise.encoder().next(shape); // which is no draw of Philox
        assertThat(noise.start().next(shape).slice(1, 2).toFloatArray()).isEqualTo(start.toFloatArray());
        assertThat(noise.steps().next(shape).slice(1, 2).toFloatArray()).isEqualTo(step.toFloatArray());
    }

    @ParameterizedTest
    @ValueSource(strings = {"euler_a", "dpmpp_sde", "dpmpp_2m_sde"})
    void aPictureOfABatchIsThatOfItsSeedAloneByPhiloxToo(String sampler) {
        TextToImage.Builder owl = owl().sampler(sampler);
        Image second =
                engine.generate(owl.seeding(PHILOX).batch(2).build()).get(1).image();
        Image byTorch =
                engine.generate(owl.seeding(Seeding.DEFAULT).build()).get(1).image();

        assertThat(picture(owl.seeding(PHILOX).batch(1).seed(8))).isEqualTo(second);
        assertThat(picture(owl.seeding(Seeding.DEFAULT))).isEqualTo(byTorch).isNotEqualTo(second);
    }

    @Test
    void variationsKeepTheSeedAndCountTheOther() {
        Seeding varied = PHILOX.variation(20, 0.3);
        List<GeneratedImage> two =
                engine.generate(owl().seeding(varied).batch(2).build());

        assertThat(two).extracting(GeneratedImage::seed).containsExactly(7L, 7L);
        assertThat(two.get(1).image()).isEqualTo(picture(owl().seeding(PHILOX.variation(21, 0.3))));
        assertThat(two.get(1).image()).isNotEqualTo(two.getFirst().image());
        assertThat(two.get(1).parameters().toText())
                .contains("Seed: 7", "Variation seed: 21, Variation seed strength: 0.3, RNG: NV");
    }

    /** Noise of 8 x 6 latents; the numbers are those of the web UI's formula in PyTorch. */
    @ParameterizedTest(name = "from {0} x {1}")
    @CsvSource({
        "88, 24, 0, -1.1247 -0.31444 0.625962 0.090806 -0.223989 -0.795469 -2.13393 -0.715693, 154.39734",
        "40, 72, 0.3, 0.682144 0.637713 0.351892 -1.600187 -1.078951 0.102678 0.165454 -0.715693, 145.51399"
    })
    void noiseOfTheSizeThatTheSeedIsKnownForIsInTheMiddle(
            int width, int height, double strength, String row, double sum) {
        Seeding seeding = Seeding.DEFAULT.variation(20, strength).resizedFrom(width, height);
        SettledRequest s = SettledRequest.of(owl().seeding(seeding).build(), engine.defaults(), false);
        NoiseSources noise = NoiseSources.of(s, 8);

        Tensor start = Latents.channelsFirst(noise.start().next(Shape.of(1, 6, 8, 4)));
        Tensor step = Latents.channelsFirst(noise.steps().next(Shape.of(1, 6, 8, 4)));

        double found = 0;
        for (float value : start.toFloatArray()) {
            found += Math.abs(value);
        }
        assertThat(found).isCloseTo(sum, within(2e-4));
        String[] expected = row.split(" ", -1);
        for (int x = 0; x < 8; x++) {
            assertThat(start.getFloat((3 * 6 + 2) * 8 + x)).isCloseTo(Float.parseFloat(expected[x]), within(2e-6f));
        }
        assertThat(step.getFloat((3 * 6 + 2) * 8)).isCloseTo(0.911576f, within(2e-6f));
    }

    @Test
    void aSeedResizedFromThePicturesOwnSizeIsThatSeed() {
        Seeding varied = PHILOX.variation(20, 0.3);

        assertThat(picture(owl().seeding(varied.resizedFrom(64, 48)))).isEqualTo(picture(owl().seeding(varied)));
        assertThat(picture(owl().seeding(varied.resizedFrom(48, 64)))).isNotEqualTo(picture(owl().seeding(varied)));
    }

    @Test
    void aResizedSeedGoesTheSameWayInABatch() {
        Seeding resized = PHILOX.resizedFrom(96, 32);
        List<GeneratedImage> two =
                engine.generate(owl().seeding(resized).batch(2).build());

        assertThat(two.get(1).image()).isEqualTo(picture(owl().seeding(resized).seed(8)));
        assertThat(two.get(1).parameters().toText()).contains("Seed resize from: 96x32, RNG: NV");
    }

    @Test
    void aVariationLeadsFromTheSeedsPictureToTheOthers() {
        Image own = picture(owl().sampler("ddim"));
        Image other = picture(owl().sampler("ddim").seed(20));
        List<Double> distances = new ArrayList<>();
        for (double strength : new double[] {0, 0.1, 0.5, 1}) {
            Image varied = picture(owl().sampler("ddim").seeding(Seeding.DEFAULT.variation(20, strength)));
            distances.add(difference(own, varied));
            if (strength == 1) {
                assertThat(difference(other, varied)).isLessThan(0.1); // but for roundings
            }
        }
        assertThat(distances).isSorted().first().isEqualTo(0.0);
    }

    private static double difference(Image a, Image b) {
        byte[] left = a.toByteArray();
        byte[] right = b.toByteArray();
        double sum = 0;
        for (int i = 0; i < left.length; i++) {
            sum += Math.abs((left[i] & 0xFF) - (right[i] & 0xFF));
        }
        return sum / left.length;
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        assertThatThrownBy(() -> new Seeding(Seeding.Generator.PHILOX, null, 0.5, null))
                .hasMessage("subSeed: expected one for a strength of 0.5, found none");
        assertThatThrownBy(() -> Seeding.DEFAULT.resizedFrom(512, 700))
                .hasMessage("seed resize: height: expected a multiple of 8, at most 16384, found 700");
        assertThatThrownBy(() -> Seeding.DEFAULT.variation(1, 1.5))
                .hasMessage("subSeedStrength: expected 0 to 1, found 1.5");
        assertThatThrownBy(
                        () -> Seeding.takenFrom(new ParameterReader(Map.of("RNG", "DICE")), Seeding.Generator.PHILOX))
                .hasMessage("parameters: RNG: expected CPU or NV, found DICE");
        assertThatThrownBy(() ->
                        Seeding.takenFrom(new ParameterReader(Map.of("Variation seed", "x")), Seeding.Generator.PHILOX))
                .hasMessage("parameters: Variation seed: expected a whole number, found x");
    }
}
