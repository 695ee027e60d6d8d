package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.sd.image.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests that start from a picture, on the demo model and on copies of it that see more than latents. */
class PictureRequestTest {
    private static final int WIDTH = 64;
    private static final int HEIGHT = 48;

    private static StableDiffusion engine;
    private static Image apple;
    private static Image leftHalf;

    @BeforeAll
    static void load() {
        engine = StableDiffusion.load(DemoModel.path());
        apple = picture(
                engine,
                TextToImage.builder("a red apple")
                        .size(WIDTH, HEIGHT)
                        .steps(6)
                        .seed(3)
                        .build());
        byte[] mask = new byte[3 * WIDTH * HEIGHT];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = (byte) (i / 3 % WIDTH < WIDTH / 2 ? 255 : 0);
        }
        leftHalf = Image.of(WIDTH, HEIGHT, mask);
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    private static Image picture(StableDiffusion engine, PictureRequest request) {
        return engine.generate(request).getFirst().image();
    }

    private static TextToImage.Builder owl() {
        return TextToImage.builder("an owl").steps(5).seed(7);
    }

    /** Mean difference of the bytes of a part of the columns. */
    private static double difference(Image a, Image b, int fromX, int toX) {
        double sum = 0;
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = fromX; x < toX; x++) {
                for (int shift = 0; shift < 24; shift += 8) {
                    sum += Math.abs((a.pixel(x, y) >> shift & 0xFF) - (b.pixel(x, y) >> shift & 0xFF));
                }
            }
        }
        return sum / (3.0 * HEIGHT * (toX - fromX));
    }

    @Test
    void theLessStrengthTheMoreIsKept() {
        Image gentle = picture(engine, new ImageToImage(owl().build(), apple, 0.2));
        Image strong = picture(engine, new ImageToImage(owl().build(), apple, 1));

        assertThat(difference(gentle, apple, 0, WIDTH)).isLessThan(difference(strong, apple, 0, WIDTH) / 2);
    }

    @Test
    void aPictureOfAPictureIsTheSameAloneAndInABatch() {
        List<GeneratedImage> together = engine.generate(
                new ImageToImage(owl().sampler("euler_a").batch(2).build(), apple, 0.6));

        assertThat(together.get(1).image())
                .isEqualTo(picture(
                        engine,
                        new ImageToImage(owl().sampler("euler_a").seed(8).build(), apple, 0.6)));
        assertThat(together.getFirst().parameters().toText()).contains("Size: 64x48", "Denoising strength: 0.6");
    }

    @Test
    void onlyWhatTheMaskCoversIsPaintedAnew() {
        Image painted = picture(engine, new Inpaint(owl().build(), apple, leftHalf, 1));

        assertThat(difference(painted, apple, WIDTH / 2 + 16, WIDTH)).isLessThan(8);
        assertThat(difference(painted, apple, 0, WIDTH / 2)).isGreaterThan(16);
    }

    /** Channels that weigh nothing change nothing, so the picture is that of the prompt alone. */
    @Test
    void aModelForInpaintingSeesMaskAndPicture(@TempDir Path folder) throws IOException {
        ModelCopy.in(folder).seeing(9);
        Image ofPrompt =
                picture(engine, owl().size(WIDTH, HEIGHT).sampler("euler").build());
        try (StableDiffusion inpainting = StableDiffusion.load(folder)) {
            assertThat(picture(inpainting, new Inpaint(owl().sampler("euler").build(), apple, leftHalf, 1)))
                    .isEqualTo(ofPrompt);
            assertThatThrownBy(() -> inpainting.generate(owl().build()))
                    .hasMessage("request: expected Inpaint, as this model is made for painting parts of a picture,"
                            + " found TextToImage");
        }
    }

    /** The same, and with no difference between seeing the picture and not, the second guidance has no say. */
    @Test
    void aModelForInstructionsSeesThePicture(@TempDir Path folder) throws IOException {
        ModelCopy.in(folder).seeing(8);
        Image ofPrompt = picture(engine, owl().size(WIDTH, HEIGHT).build());
        try (StableDiffusion instructed = StableDiffusion.load(folder)) {
            Image edited = picture(instructed, new InstructEdit(owl().build(), apple, 1.5));

            assertThat(instructed.followsInstructions()).isTrue();
            assertThat(difference(edited, ofPrompt, 0, WIDTH)).isLessThan(0.1); // sums in another order
            assertThatThrownBy(() -> instructed.generate(new ImageToImage(owl().build(), apple, 1)))
                    .hasMessageContaining("expected InstructEdit");
        }
    }

    @Test
    void aModelDistilledForAGuidanceScaleLooksOnce(@TempDir Path folder) throws IOException {
        ModelCopy.in(folder)
                .replace("unet/config.json", "\"time_cond_proj_dim\": null", "\"time_cond_proj_dim\": 32")
                .zeros("unet", "time_embedding.cond_proj.weight", 96, 32);
        TextToImage request = owl().size(WIDTH, HEIGHT).guidanceScale(8).build();
        Image unguided =
                picture(engine, owl().size(WIDTH, HEIGHT).guidanceScale(1).build());
        try (StableDiffusion distilled = StableDiffusion.load(folder)) {
            GeneratedImage made = distilled.generate(request).getFirst();

            assertThat(made.image()).isEqualTo(unguided);
            assertThat(made.parameters().toText()).contains("CFG scale: 8");
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        assertThatThrownBy(() -> engine.generate(new InstructEdit(owl().build(), apple, 1.5)))
                .hasMessageContaining("request: expected TextToImage, ImageToImage or Inpaint");
        assertThatThrownBy(() ->
                        engine.generate(new ImageToImage(owl().size(64, 64).build(), apple, 0.5)))
                .hasMessage("size: expected 64 x 48 as the picture has, found 64 x 64");
        assertThatThrownBy(() -> engine.generate(new ImageToImage(owl().build(), apple, 0.1)))
                .hasMessage("strength: expected at least 0.2, so that one of 5 steps is made, found 0.1");
        assertThatThrownBy(() -> new ImageToImage(owl().build(), apple, Double.NaN))
                .hasMessageContaining("strength: expected a number above 0, at most 1, found NaN");
        assertThatThrownBy(() -> new Inpaint(owl().build(), apple, Image.of(8, 8, new byte[192]), 1))
                .hasMessage("mask: expected 64 x 48 pixels as the picture has, found 8 x 8");
        assertThatThrownBy(() -> new InstructEdit(owl().build(), apple, 0.9))
                .hasMessage("imageGuidanceScale: expected at least 1, found 0.9");
    }
}
