package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
        NoiseSources noise = NoiseSources.of(s);
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
        assertThatThrownBy(() -> new Seeding(Seeding.Generator.PHILOX, null, 0.5))
                .hasMessage("subSeed: expected one for a strength of 0.5, found none");
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
