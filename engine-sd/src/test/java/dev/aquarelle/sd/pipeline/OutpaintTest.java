package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.pipeline.Outpaint.Margins;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures continued and painted in part, of which the rest keeps its bytes, on the demo model. */
class OutpaintTest {
    private static final int WIDTH = 64;
    private static final int HEIGHT = 48;

    private static StableDiffusion engine;
    private static Image apple;

    @BeforeAll
    static void load() {
        engine = StableDiffusion.load(DemoModel.path());
        apple = engine.generate(TextToImage.builder("a red apple")
                        .size(WIDTH, HEIGHT)
                        .steps(6)
                        .seed(3)
                        .build())
                .getFirst()
                .image();
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    private static TextToImage.Builder owl() {
        return TextToImage.builder("an owl").steps(4).seed(7).sampler("euler_a");
    }

    private static GeneratedImage made(PictureRequest request) {
        return engine.generate(request).getFirst();
    }

    /** How many pixels of a part of the result's columns are not the apple's own. */
    private static int changed(Image result, int left, int top, int fromX, int toX) {
        int changed = 0;
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = fromX; x < toX; x++) {
                changed += result.pixel(x + left, y + top) == apple.pixel(x, y) ? 0 : 1;
            }
        }
        return changed;
    }

    @Test
    void thePictureKeepsItsBytesButForASeam() {
        Image result = made(new Outpaint(owl().build(), apple, Margins.of(16, 0, 0, 0), 1))
                .image();

        assertThat(result.width()).isEqualTo(WIDTH + 16);
        assertThat(result.height()).isEqualTo(HEIGHT);
        assertThat(changed(result, 16, 0, 8 + 10 + 1, WIDTH))
                .isZero(); // what is painted, and two and a half deviations
        assertThat(changed(result, 16, 0, 0, 8)).isPositive();
    }

    @Test
    void marginsGrowUntilTheSidesAreMultiplesOfEight() {
        Outpaint right = new Outpaint(owl().build(), apple, Margins.of(3, 0, 10, 0), 1);
        Outpaint top = new Outpaint(owl().build(), apple, Margins.of(0, 1, 0, 0), 1);

        assertThat(right.margins()).isEqualTo(Margins.of(3, 0, 13, 0));
        assertThat(top.margins()).isEqualTo(Margins.of(0, 8, 0, 0));
        assertThat(made(right).image().width()).isEqualTo(80);
    }

    @Test
    void aPictureOfABatchIsThatOfItsSeedAlone() {
        List<GeneratedImage> two =
                engine.generate(new Outpaint(owl().batch(2).build(), apple, Margins.of(8, 8, 8, 8), 0.8));

        assertThat(two.get(1).image())
                .isEqualTo(made(new Outpaint(owl().seed(8).build(), apple, Margins.of(8, 8, 8, 8), 0.8))
                        .image())
                .isNotEqualTo(two.getFirst().image());
    }

    @Test
    void modelsThatSeeTheMaskContinuePicturesToo(@TempDir Path folder) throws IOException {
        ModelCopy.in(folder).seeing(9);
        try (StableDiffusion inpainting = StableDiffusion.load(folder)) {
            Image result = inpainting
                    .generate(new Outpaint(owl().build(), apple, Margins.of(0, 0, 32, 0), 1))
                    .getFirst()
                    .image();
            assertThat(result.width()).isEqualTo(WIDTH + 32);
            assertThat(changed(result, 0, 0, 0, WIDTH - 19)).isZero();
        }
    }

    @Test
    void theFileSaysHowItWasContinued() {
        Outpaint request = new Outpaint(owl().build(), apple, Margins.of(0, 8, 16, 0), 0.75, 4);
        GeneratedImage made = made(request);

        assertThat(made.parameters().toText())
                .contains("Size: 80x56", "Denoising strength: 0.75, Outpaint: left=0 top=8 right=16 bottom=0");
        assertThatThrownBy(() ->
                        Outpaint.takenFrom(request.text(), apple, new ParameterReader(Map.of("Outpaint", "left=-1"))))
                .hasMessage("parameters: Outpaint: expected left=N top=N right=N bottom=N, found left=-1");
    }

    @Test
    void pixelsUnderNoMaskAreTheOriginalsOwnIfThatIsAsked() {
        Inpaint plain = new Inpaint(owl().build(), apple, leftHalf(), 1);
        Image decoded = made(plain).image();
        Image kept = made(plain.with(new MaskUse(0, false, true))).image();

        assertThat(changed(kept, 0, 0, WIDTH / 2, WIDTH)).isZero();
        assertThat(changed(decoded, 0, 0, WIDTH / 2, WIDTH)).isPositive();
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH / 2; x++) {
                assertThat(kept.pixel(x, y)).isEqualTo(decoded.pixel(x, y));
            }
        }
    }

    private static Image leftHalf() {
        byte[] mask = new byte[3 * WIDTH * HEIGHT];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = (byte) (i / 3 % WIDTH < WIDTH / 2 ? 255 : 0);
        }
        return Image.of(WIDTH, HEIGHT, mask);
    }

    @Test
    void aMaskMayBeInvertedAndItsEdgeSoft() {
        Inpaint plain = new Inpaint(owl().build(), apple, leftHalf(), 1);
        GeneratedImage inverted = made(plain.with(new MaskUse(0, true, true)));
        GeneratedImage soft = made(plain.with(new MaskUse(2, false, true)));

        assertThat(changed(inverted.image(), 0, 0, 0, WIDTH / 2)).isZero();
        assertThat(changed(inverted.image(), 0, 0, WIDTH / 2, WIDTH)).isPositive();
        assertThat(changed(soft.image(), 0, 0, WIDTH / 2, WIDTH / 2 + 5)).isPositive();
        assertThat(changed(soft.image(), 0, 0, WIDTH / 2 + 5, WIDTH)).isZero();
        assertThat(MaskUse.takenFrom(new ParameterReader(inverted.parameters().values())))
                .isEqualTo(new MaskUse(0, true, true));
        assertThat(MaskUse.takenFrom(new ParameterReader(soft.parameters().values())))
                .isEqualTo(new MaskUse(2, false, true));
        assertThat(MaskUse.takenFrom(
                        new ParameterReader(made(plain).parameters().values())))
                .isEqualTo(MaskUse.DEFAULT);
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        TextToImage owl = owl().build();
        assertThatThrownBy(() -> Margins.of(0, 0, 0, 0)).hasMessage("outpaint: expected a margin above 0, found none");
        assertThatThrownBy(() -> Margins.of(0, -8, 0, 0))
                .hasMessage("outpaint: expected margins of 0 to 16384 pixels, found -8");
        assertThatThrownBy(() -> new Outpaint(owl, apple, Margins.of(8, 0, 0, 0), 0))
                .hasMessage("strength: expected a number above 0, at most 1, found 0.0");
        assertThatThrownBy(() -> new Outpaint(owl, apple, Margins.of(8, 0, 0, 0), 1, -1))
                .hasMessage("outpaint overlap: expected 0 to 256 pixels, found -1");
        assertThatThrownBy(() -> new Outpaint(owl, Image.of(8, 7, new byte[168]), Margins.of(8, 0, 0, 0), 1))
                .hasMessage("outpaint: height: expected a multiple of 8 where no margin is added, found 7");
        assertThatThrownBy(() -> new Outpaint(owl, apple, Margins.of(16384, 0, 0, 0), 1))
                .hasMessage("outpaint: expected a result of at most 16384 pixels a side, found 16448 x 48");
        assertThatThrownBy(() ->
                        engine.generate(new Outpaint(owl().size(64, 64).build(), apple, Margins.of(8, 0, 0, 0), 1)))
                .hasMessage("size: expected 72 x 48 as the picture has, found 64 x 64");
        assertThatThrownBy(() -> new MaskUse(-1, false, false))
                .hasMessage("mask blur: expected 0 to 256 pixels, found -1.0");
    }

    /** Margins may come from a file's parameters. */
    @Test
    void aCanvasBeyondTheHeapIsRefusedBeforeItIsMade() {
        int margin = 8000;
        Outpaint vast = new Outpaint(owl().batch(64).build(), apple, Margins.of(margin, margin, margin, margin), 1);

        assertThatThrownBy(() -> engine.generate(vast))
                .isInstanceOf(MemoryBudgetException.class)
                .hasMessageContaining("a canvas of 16064 x 16048 pixels");
        assertThatThrownBy(() -> engine.plan(vast)).isInstanceOf(MemoryBudgetException.class);
    }
}
