package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a denoiser is told, and how its answers become one. */
class ConditioningTest {

    /** By diffusers: {@code LatentConsistencyModelPipeline.get_guidance_scale_embedding(None, torch.tensor([7.0]), 8)}. */
    @Test
    void theGuidanceScaleAsSinesAndCosines() {
        float[] expected = {0.506885f, -0.970479f, 0.586653f, 0.644217f, 0.862013f, -0.241183f, -0.809838f, 0.764842f};
        Tensor found = GuidanceEmbedding.of(8, 2, 8);

        assertThat(found.shape().dims()).containsExactly(2, 8);
        for (int i = 0; i < 16; i++) {
            assertThat(found.getFloat(i)).isCloseTo(expected[i % 8], within(5e-4f)); // of angles of 7000
        }
    }

    @Test
    void sizesOfTheBaseModelAndOfTheRefiner() {
        SdxlOptions cropped =
                SdxlOptions.DEFAULT.withSizes(new SdxlOptions.Size(768, 512), 32, 8, new SdxlOptions.Size(1024, 1000));

        assertThat(SdxlOptions.DEFAULT.timeIds(6, 64, 48, false)).containsExactly(48, 64, 0, 0, 48, 64);
        assertThat(cropped.timeIds(6, 64, 48, true)).containsExactly(512, 768, 32, 8, 1000, 1024);
        assertThat(cropped.timeIds(5, 64, 48, false)).containsExactly(512, 768, 32, 8, 6);
        assertThat(cropped.timeIds(5, 64, 48, true)).containsExactly(512, 768, 32, 8, 2.5f);
    }

    /** neither + scale (both - picture) + imageScale (picture - neither), by hand. */
    @Test
    void anInstructionAndAPicture() {
        Tensor looks = Tensor.of(new float[] {5, 6, 3, 2, 1, 1}, 3, 2);

        assertThat(new InstructGuidance(4, 1.5).combine(looks).toFloatArray()).containsExactly(12, 18.5f);
        assertThat(new InstructGuidance(1, 1.5).looks()).isOne();
    }

    /** negative + scale (weight a (a - negative) + weight b (b - negative)), by hand. */
    @Test
    void severalPrompts() {
        Tensor looks = Tensor.of(new float[] {1, 2, 3, 5, 2, -2}, 3, 2);

        assertThat(new ComposedGuidance(4, List.of(1.0, 0.5)).combine(looks).toFloatArray())
                .containsExactly(1 + 4 * 2 + 2 * 1, 2 + 4 * 3 + 2 * -4);
        assertThat(new ComposedGuidance(7.5, List.of(1.0))
                        .combine(looks.slice(0, 2))
                        .toFloatArray())
                .isEqualTo(new Guidance(7.5, 0).combine(looks.slice(0, 2)).toFloatArray());
        assertThatThrownBy(() -> new ComposedGuidance(7.5, List.of(1.0, Double.NaN)))
                .hasMessage("weight of a prompt: expected a finite number, found NaN");
    }

    @Test
    void tokensAreFilledUp() {
        PromptEmbeds two = new PromptEmbeds(Tensor.of(new float[] {1, 2, 3, 4}, 1, 2, 2), null);
        PromptEmbeds nothing = new PromptEmbeds(Tensor.of(new float[] {8, 9}, 1, 1, 2), null);

        assertThat(two.followedBy(nothing, 4).hiddenStates().toFloatArray()).containsExactly(1, 2, 3, 4, 8, 9, 8, 9);
        assertThat(two.withLastRepeated(3).hiddenStates().toFloatArray()).containsExactly(1, 2, 3, 4, 3, 4);
        assertThat(two.followedBy(nothing, 2)).isSameAs(two);
        assertThatThrownBy(() -> nothing.followedBy(two, 2)).isInstanceOf(IllegalArgumentException.class);
    }

    /** Five calls for three steps, as a sampler makes that looks twice in all but the last. */
    @Test
    void promptsGoByStepsAndStayTheSameObjectWhileNothingChanges() {
        EncodedTexts look = EncodedTexts.of(
                ScheduledTexts.of("[a:b:1]", "", 3), text -> new PromptEmbeds(Tensor.of(new float[1], 1, 1, 1), null));
        PromptsBySteps schedule = new PromptsBySteps(
                new PassSteps(0, 3, false), 5, List.of(look), embeds -> Conditioning.of(embeds.getFirst()));
        List<Conditioning> told = IntStream.range(0, 5).mapToObj(schedule::at).toList();

        assertThat(told.subList(1, 4))
                .allSatisfy(conditioning -> assertThat(conditioning).isSameAs(told.getFirst()));
        assertThat(told.get(4)).isNotSameAs(told.getFirst());
    }

    @Test
    void groupsOfPromptsAreOneAfterTheOther() {
        PromptEmbeds a = new PromptEmbeds(Tensor.of(new float[] {1, 2}, 1, 1, 2), Tensor.of(new float[] {3}, 1, 1));
        PromptEmbeds both = PromptEmbeds.concatenated(a.zeros(), a);

        assertThat(both.hiddenStates().toFloatArray()).containsExactly(0, 0, 1, 2);
        assertThat(both.pooled()).isNotNull().extracting(Tensor::toFloatArray).isEqualTo(new float[] {0, 3});
        assertThatThrownBy(() -> new Prompts(List.of("a"), List.of()))
                .hasMessageContaining("expected as many for both encoders");
    }

    @Test
    void aMaskOverPictureAndLatents() {
        float[] pixels = {1, 0, 0, 0, 0, 0, 1, 1}; // 2 x 4, a latent for every 2 x 2
        Masking masking = new Masking(Tensor.of(pixels, 1, 2, 4, 1), 2);
        float[] ones = new float[24];
        Arrays.fill(ones, 1);

        assertThat(masking.ofLatents().toFloatArray()).containsExactly(1, 0);
        float[] blanked = masking.blanked(Tensor.of(ones, 1, 2, 4, 3)).toFloatArray();
        assertThat(blanked[0]).isZero();
        assertThat(blanked[3]).isOne();
        assertThat(blanked[23]).isZero();
        Tensor painted = Tensor.of(new float[] {1, 2, 3, 4}, 1, 1, 2, 2);
        Tensor kept = Tensor.of(new float[] {-1, -2, -3, -4}, 1, 1, 2, 2);
        assertThat(Masking.blended(masking.ofLatents(), painted, kept).toFloatArray())
                .containsExactly(1, 2, -3, -4);
    }
}
