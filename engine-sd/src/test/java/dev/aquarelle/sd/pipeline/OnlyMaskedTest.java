package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.PictureFit;
import dev.aquarelle.sd.image.Region;
import dev.aquarelle.sd.pipeline.InpaintArea.OnlyMasked;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small part of a picture painted in a size of its own, and what a masked part begins as, on the demo model. */
class OnlyMaskedTest {
    private static final int WIDTH = 101; // no multiple of 8
    private static final int HEIGHT = 75;
    private static final Region MASKED = new Region(60, 30, 80, 50);
    private static final Image LARGE = gradient(WIDTH, HEIGHT);
    private static final Image MASK = white(WIDTH, HEIGHT, MASKED);

    private static StableDiffusion engine;

    @BeforeAll
    static void load() {
        engine = StableDiffusion.load(DemoModel.path());
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    private static Image gradient(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) (2 * (i / 3 % width) + i / 3 / width + 40 * (i % 3));
        }
        return Image.of(width, height, rgb);
    }

    private static Image white(int width, int height, Region region) {
        byte[] part = new byte[3 * region.width() * region.height()];
        Arrays.fill(part, (byte) -1);
        return region.replaced(
                Image.of(width, height, new byte[3 * width * height]), Image.of(region.width(), region.height(), part));
    }

    private static TextToImage.Builder owl() {
        return TextToImage.builder("an owl").size(48, 64).steps(3).seed(7).sampler("euler_a");
    }

    private static Inpaint inpaint(MaskUse use) {
        return new Inpaint(owl().build(), LARGE, MASK, 0.7, use);
    }

    private static GeneratedImage made(PictureRequest request) {
        return engine.generate(request).getFirst();
    }

    /** The pixels that differ. */
    private static int changed(Image result, Region within) {
        int changed = 0;
        for (int y = within.top(); y < within.bottom(); y++) {
            for (int x = within.left(); x < within.right(); x++) {
                changed += result.pixel(x, y) == LARGE.pixel(x, y) ? 0 : 1;
            }
        }
        return changed;
    }

    private static int changed(Image result) {
        return changed(result, new Region(0, 0, WIDTH, HEIGHT));
    }

    @Test
    void theRestOfThePictureKeepsItsBytes() {
        Image result = made(inpaint(MaskUse.DEFAULT.with(new OnlyMasked(4)))).image();

        assertThat(result.width()).isEqualTo(WIDTH);
        assertThat(result.height()).isEqualTo(HEIGHT);
        assertThat(changed(result, MASKED)).isGreaterThan(350).isEqualTo(changed(result));
    }

    @Test
    void theSoftEdgeLiesAroundTheMaskAndIsCutOutWithIt() {
        Image result = made(inpaint(new MaskUse(2, false, true).with(new OnlyMasked(0))))
                .image();
        Region soft = new Region(55, 25, 85, 55); // two and a half deviations more

        assertThat(changed(result)).isEqualTo(changed(result, soft)).isGreaterThan(changed(result, MASKED));
    }

    /** What is done by hand outside: cut, made larger, painted, made smaller, put back. */
    @Test
    void itIsThePartPaintedByItself() {
        Region region = new Region(58, 24, 82, 56); // 20 x 20 and 2 on each side, in proportions of 48 to 64
        Image part = PictureFit.FILL.fit(region.cut(LARGE), 48, 64);
        Image mask = PictureFit.FILL.fit(region.cut(MASK), 48, 64);
        Image painted = made(new Inpaint(owl().build(), part, mask, 0.7)).image();
        Image small = PictureFit.CROP.fit(painted, region.width(), region.height());
        Image expected = MASKED.replaced(LARGE, MASKED.cut(region.replaced(LARGE, small)));

        assertThat(made(inpaint(MaskUse.DEFAULT.with(new OnlyMasked(2)))).image())
                .isEqualTo(expected);
    }

    @Test
    void aPictureOfABatchIsThatOfItsSeedAlone() {
        MaskUse use =
                new MaskUse(1, false, true).with(MaskedContent.LATENT_NOISE).with(OnlyMasked.USUAL);
        List<GeneratedImage> two = engine.generate(new Inpaint(owl().batch(2).build(), LARGE, MASK, 0.7, use));

        assertThat(two.get(1).image())
                .isEqualTo(made(new Inpaint(owl().seed(8).build(), LARGE, MASK, 0.7, use))
                        .image())
                .isNotEqualTo(two.getFirst().image());
    }

    @Test
    void anInvertedMaskIsWhatIsAroundIt() {
        Image result = made(inpaint(new MaskUse(0, true, true).with(new OnlyMasked(0))))
                .image();

        assertThat(changed(result, MASKED)).isZero();
        assertThat(changed(result)).isGreaterThan(WIDTH * HEIGHT / 2);
    }

    @Test
    void itsSizeIsTheModelsWhereNoneIsSaid() {
        TextToImage text = TextToImage.builder("an owl").steps(1).seed(7).build();
        MaskUse use = MaskUse.DEFAULT.with(OnlyMasked.USUAL);

        assertThat(engine.parameters(new Inpaint(text, LARGE, MASK, 1, use)).toText())
                .contains("Size: 128x128", "Inpaint area: Only masked, Masked area padding: 32");
    }

    @Test
    void modelsThatSeeTheMaskDoItToo(@TempDir Path folder) throws IOException {
        ModelCopy.in(folder).seeing(9);
        try (StableDiffusion inpainting = StableDiffusion.load(folder)) {
            Image result = inpainting
                    .generate(inpaint(
                            MaskUse.DEFAULT.with(MaskedContent.LATENT_NOTHING).with(new OnlyMasked(4))))
                    .getFirst()
                    .image();
            assertThat(changed(result, MASKED)).isGreaterThan(350).isEqualTo(changed(result));
        }
    }

    @Test
    void whatSteersIsCutOutToo(@TempDir Path folder) throws IOException {
        Path net = DemoAddOns.controlNet(folder);
        MaskUse use = MaskUse.DEFAULT.with(new OnlyMasked(2));
        Region region = new Region(58, 24, 82, 56);
        Image control = region.replaced(LARGE, gradient(24, 32));
        Inpaint request = controlled(net, control, use);
        SettledRequest settled = SettledRequest.of(request, engine.defaults(), false);

        assertThat(settled.text().addOns().controlNets())
                .containsExactly(Control.of(net, PictureFit.FILL.fit(gradient(24, 32), 48, 64)));
        assertThat(made(request).image()).isNotEqualTo(made(inpaint(use)).image());
        assertThatThrownBy(() -> engine.generate(controlled(net, gradient(48, 64), use)))
                .hasMessage(
                        "control: expected a picture of 101 x 75 pixels as the one that is painted in, found 48 x 64");
        assertThat(engine.parameters(request).values().get("ControlNet 0"))
                .contains(control.sha256().substring(0, 16));
    }

    private static Inpaint controlled(Path net, Image control, MaskUse use) {
        AddOns addOns = AddOns.NONE.withControlNet(Control.of(net, control));
        return new Inpaint(owl().addOns(addOns).build(), LARGE, MASK, 0.7, use);
    }

    @Test
    void whatThePartBeginsAsChangesThePictureAtEveryStrength() {
        MaskUse use = MaskUse.DEFAULT.with(new OnlyMasked(4));
        for (double strength : new double[] {0.7, 1}) {
            List<Image> made = Arrays.stream(MaskedContent.values())
                    .map(content -> made(new Inpaint(owl().build(), LARGE, MASK, strength, use.with(content)))
                            .image())
                    .toList();
            assertThat(made).doesNotHaveDuplicates();
        }
    }

    /** The colors under the mask are gone before the first step. */
    @Test
    void aFilledPartKnowsNothingOfWhatWasThere() {
        Region masked = new Region(16, 8, 40, 32);
        Image picture = gradient(48, 64);
        Image other = masked.replaced(picture, gradient(24, 24));
        Image mask = white(48, 64, masked);
        for (MaskedContent content : MaskedContent.values()) {
            MaskUse use = MaskUse.DEFAULT.with(content);
            Image result =
                    made(new Inpaint(owl().build(), picture, mask, 0.7, use)).image();
            Image ofOther =
                    made(new Inpaint(owl().build(), other, mask, 0.7, use)).image();

            assertThat(result.equals(ofOther)).isEqualTo(content != MaskedContent.ORIGINAL);
        }
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        Image black = Image.of(WIDTH, HEIGHT, new byte[3 * WIDTH * HEIGHT]);
        Image speck = white(WIDTH, HEIGHT, new Region(50, 40, 52, 42));
        MaskUse use = MaskUse.DEFAULT.with(OnlyMasked.USUAL);

        assertThatThrownBy(() -> engine.generate(new Inpaint(owl().build(), LARGE, black, 1, use)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("mask: expected a part that is painted, found none");
        assertThatThrownBy(() -> engine.plan(
                        new Inpaint(owl().build(), LARGE, speck, 1, new MaskUse(9, false, true).with(use.area()))))
                .hasMessage("mask: expected a part of 8 x 8 pixels or more that is painted, found none");
        assertThatThrownBy(() -> engine.generate(new Inpaint(
                        owl().size(32, 32).build(), gradient(32, 32), Image.of(32, 32, new byte[3 * 32 * 32]), 1)))
                .hasMessage("mask: expected a part of 8 x 8 pixels or more that is painted, found none");
        assertThatThrownBy(() -> new OnlyMasked(-1)).hasMessage("mask padding: expected 0 to 16384 pixels, found -1");
        assertThatThrownBy(() -> new MaskUse(0, false, false, MaskedContent.FILL, OnlyMasked.USUAL))
                .hasMessage("mask: expected the original to be kept where only what is masked is painted, found that it"
                        + " is not");
    }

    /** The size that is painted and that of the whole picture both count. */
    @Test
    void memoryIsKnownBeforehand() {
        MaskUse use = MaskUse.DEFAULT.with(OnlyMasked.USUAL);
        Image vast = gradient(3000, 2000);
        Image mask = white(3000, 2000, new Region(1000, 1000, 1100, 1100));
        long ofPart = engine.plan(inpaint(use)).heap();

        assertThat(engine.plan(new Inpaint(owl().build(), vast, mask, 1, use)).heap() - ofPart)
                .isEqualTo(3L * (3000 * 2000 - WIDTH * HEIGHT) * 5);
    }
}
