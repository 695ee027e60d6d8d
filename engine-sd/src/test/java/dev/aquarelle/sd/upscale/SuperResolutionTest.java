package dev.aquarelle.sd.upscale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Program;
import dev.aquarelle.sd.Sines;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tiny networks in all layouts. The expected numbers are PyTorch's of the same weights and inputs ({@link Sines}), by modules written after
 * the papers' diagrams: {@code x = pixel_unshuffle(x, r); f = conv_first(x); f = f + conv_body(body(f));
 * f = leaky_relu(conv_up(interpolate(f, 2, 'nearest')), 0.2)} for each doubling; {@code conv_last(leaky_relu(conv_hr(f), 0.2))}, and for the
 * compact one {@code pixel_shuffle(body(x), 2) + interpolate(x, 2, 'nearest')}.
 */
class SuperResolutionTest {
    private static final Tensor SQUARE = Sines.input(0.5, 0.5, 1, 2, 2, 3);
    private static final Tensor PAIR = Sines.input(0.5, 0.5, 1, 1, 2, 3);

    /** RRDBNet(scale=2, features=4, blocks=2, growth=2) of {@link #SQUARE}: two doublings of a square taken together. */
    private static final float[] UNSHUFFLED = Sines.numbers("""
        0.3393871 0.1845399 0.0105842 0.1127860 -0.0275217 -0.1859789 -0.0166852 -0.1604569 -0.3217770 -0.0856149
        -0.2467005 -0.4249445 -0.0262913 -0.2150374 -0.4210851 -0.0533217 -0.2570694 -0.4779286 0.0836489 -0.1276958
        -0.3567371 0.2658003 0.0626521 -0.1590534 0.4254355 0.2322415 0.0197234 0.6226588 0.4343374 0.2257781
        0.6211883 0.4430407 0.2446157 0.4364942 0.2651790 0.0743906 -0.0623232 -0.2276343 -0.4101899 -0.2602654
        -0.4271082 -0.6102935 -0.3297505 -0.4993135 -0.6848924 -0.1917434 -0.3757754 -0.5763820
        """);

    /** The same network with one doubling and no squares, of {@link #PAIR}. */
    private static final float[] DOUBLED = Sines.numbers("""
        3.2608082 2.9802184 2.6678779 4.7897096 4.6075702 4.3863215 3.9235322 3.8572488 3.7552485 1.7752124 1.6830294
        1.5649617 -0.1395802 -0.0987137 -0.0756749 -2.2203252 -2.1375034 -2.0632894 -3.2459130 -3.2685237 -3.2946274
        -1.7663094 -1.9013721 -2.0461106
        """);

    /** SRVGGNetCompact(upscale=2, features=4, convolutions=2) of {@link #PAIR}. */
    private static final float[] COMPACT = Sines.numbers("""
        0.8946234 1.1223989 0.9641391 0.7448677 1.3207562 0.7613647 0.1797462 0.0589809 0.2968740 0.0328903 0.2619312
        0.1000552 0.7168769 1.4268558 0.6082830 0.8272163 1.3931026 0.5779344 0.0082473 0.3729998 -0.0467938
        0.1223674 0.3445690 -0.0706611
        """);

    private static SuperResolution load(Map<String, Tensor> tensors) {
        return SuperResolution.load(Sines.weights(tensors));
    }

    private static float[] run(SuperResolution network, Tensor picture) {
        try (Backend backend = Backends.open("reference", BackendOptions.DEFAULT);
                Program program = backend.compile(
                        network.graph(picture.shape().dim(1), picture.shape().dim(2)))) {
            return program.run(picture).toFloatArray();
        }
    }

    private static Map<String, Tensor> compact() {
        return new Sines()
                .conv("body.0", 3, 4)
                .vector("body.1.weight", 4)
                .conv("body.2", 4, 4)
                .vector("body.3.weight", 4)
                .conv("body.4", 4, 4)
                .vector("body.5.weight", 4)
                .conv("body.6", 4, 12)
                .tensors(0.3);
    }

    @Test
    void rrdbNetAgreesWithPyTorchInEachLayout() {
        Map<String, Tensor> squares = TinyRrdb.tensors(12, 2);
        Map<String, Tensor> plain = TinyRrdb.tensors(3, 1);
        Map<String, Tensor> wrapped = new LinkedHashMap<>();
        squares.forEach((name, tensor) -> wrapped.put("params_ema." + name, tensor));

        assertThat(run(load(squares), SQUARE)).containsExactly(UNSHUFFLED, within(1e-6f));
        assertThat(run(load(TinyRrdb.firstNames(squares)), SQUARE)).containsExactly(UNSHUFFLED, within(1e-6f));
        assertThat(run(load(TinyRrdb.numbers(squares, 2)), SQUARE)).containsExactly(UNSHUFFLED, within(1e-6f));
        assertThat(run(load(wrapped), SQUARE)).containsExactly(UNSHUFFLED, within(1e-6f));
        assertThat(run(load(plain), PAIR)).containsExactly(DOUBLED, within(5e-6f));
        assertThat(run(load(TinyRrdb.numbers(plain, 1)), PAIR)).containsExactly(DOUBLED, within(5e-6f));
    }

    @Test
    void theCompactNetworkAgreesWithPyTorch() {
        assertThat(run(load(compact()), PAIR)).containsExactly(COMPACT, within(1e-6f));
    }

    @ParameterizedTest(name = "{0} channels, {1} doublings: {2}")
    @CsvSource({"3, 0, 1, 1", "3, 1, 2, 1", "3, 2, 4, 1", "3, 3, 8, 1", "12, 1, 1, 2", "12, 2, 2, 2", "48, 2, 1, 4"})
    void theScaleIsToldByTheTensors(int channels, int doublings, int scale, int multiple) {
        SuperResolution network = load(TinyRrdb.tensors(channels, doublings));

        assertThat(network.scale()).isEqualTo(scale);
        assertThat(network.multiple()).isEqualTo(multiple);
        assertThat(network.graph(4, 8).outputs().get("out").shape().dims()).containsExactly(1, 4 * scale, 8 * scale, 3);
        assertThat(network).hasToString("an RRDBNet of 2 blocks for scale " + scale);
    }

    @Test
    void refusesATensorThatIsMissing() {
        Map<String, Tensor> tensors = TinyRrdb.tensors(3, 2);
        tensors.remove("body.1.rdb3.conv4.bias");

        assertThatThrownBy(() -> load(tensors))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("body.1.rdb3.conv4.bias: missing in model.safetensors");
    }

    @Test
    void refusesAVariantThatHasMore() {
        Map<String, Tensor> tensors = TinyRrdb.tensors(3, 2);
        tensors.put("body.0.rdb1.conv1x1.weight", PAIR);

        assertThatThrownBy(() -> load(tensors))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage(
                        "body.0.rdb1.conv1x1.weight: expected the tensors of an RRDBNet of 2 blocks for scale 4 only,"
                                + " found this in model.safetensors");
    }

    @Test
    void refusesSquaresThatTheDoublingsDoNotMakeUpFor() {
        assertThatThrownBy(() -> load(TinyRrdb.tensors(48, 1)))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("conv_first.weight: expected a convolution of 3 colors, or of those of a square of at most"
                        + " 2 x 2 pixels, found [4, 48, 3, 3] in model.safetensors");
        assertThatThrownBy(() -> load(TinyRrdb.tensors(3, 6)))
                .hasMessage("model.safetensors: expected at most 5 doublings of the size, found 6");
    }

    @Test
    void refusesAnotherShape() {
        Map<String, Tensor> flat = TinyRrdb.tensors(3, 2);
        flat.put("body.0.rdb2.conv1.weight", PAIR);
        Map<String, Tensor> compact = compact();
        compact.put("body.6.weight", Tensor.of(new float[13 * 4 * 9], 13, 4, 3, 3));

        assertThatThrownBy(() -> load(flat))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("body.0.rdb2.conv1.weight: expected [1, 4, 3, 3], found [1, 1, 2, 3] in model.safetensors");
        assertThatThrownBy(() -> load(compact))
                .hasMessage("body.6.weight: expected [27, 4, 3, 3], found [13, 4, 3, 3] in model.safetensors");
    }

    @Test
    void namesWhatIsNoUpscaler() {
        assertThatThrownBy(() -> load(Map.of("model.diffusion_model.out.0.weight", PAIR)))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("model.safetensors: expected an upscaler of the ESRGAN family (RRDBNet or SRVGGNetCompact),"
                        + " found other tensors, such as model.diffusion_model.out.0.weight");
    }
}
