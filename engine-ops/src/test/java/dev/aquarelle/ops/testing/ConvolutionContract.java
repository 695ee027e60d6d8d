package dev.aquarelle.ops.testing;

import static dev.aquarelle.ops.testing.RandomTensors.random;
import static dev.aquarelle.ops.testing.RandomTensors.stored;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Padding;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Convolutions: planes of every oddity, kernels of every kind that the models have. */
public interface ConvolutionContract extends OpContract {

    @ParameterizedTest(name = "{0} x [{1}, {2}, {3}] to {4}, kernel {5}, stride {6}, padding {7}")
    @CsvSource({
        "1, 1, 1, 1, 1, 1, 1, 0", // a single number
        "1, 1, 1, 16, 8, 1, 1, 0",
        "1, 1, 1, 6, 5, 3, 1, 1", // all taps but one fall outside
        "2, 8, 6, 32, 16, 1, 1, 0",
        "3, 7, 9, 5, 6, 3, 1, 1", // an odd plane in a batch
        "1, 16, 16, 8, 12, 3, 1, 1",
        "1, 8, 8, 9, 32, 3, 1, 1", // conv_in of an inpainting model
        "1, 9, 11, 4, 33, 3, 1, 1", // conv_in
        "1, 9, 7, 320, 4, 3, 1, 1", // conv_out
        "1, 13, 5, 17, 3, 3, 1, 1", // an image
        "1, 16, 16, 8, 8, 3, 2, 1",
        "2, 15, 9, 33, 40, 3, 2, 1",
        "1, 12, 10, 3, 4, 5, 1, 0",
        "1, 7, 7, 5, 17, 5, 1, 2",
        "1, 3, 33, 40, 77, 3, 1, 1",
        "1, 33, 3, 77, 33, 1, 1, 0",
        "1, 5, 64, 16, 16, 3, 1, 1", // whole vectors of pixels
        "1, 6, 6, 320, 320, 3, 1, 1",
        "1, 8, 8, 4, 4, 3, 3, 0", // a stride that leaves pixels over
        "1, 4, 4, 4, 4, 1, 2, 0"
    })
    default void conv2dAgrees(int n, int h, int w, int c, int o, int kernel, int stride, int padding) {
        agreesWithTheReference(
                Tolerance.forSumOf((long) c * kernel * kernel),
                random(41, n, h, w, c),
                in -> in.g()
                        .conv2d(
                                in.x(),
                                in.constant(random(42, o, c, kernel, kernel)),
                                in.constant(random(43, o)),
                                stride,
                                Padding.all(padding),
                                1,
                                1));
    }

    @ParameterizedTest(name = "{0} x [{1}, {2}, {3}] to {4}, padding {5}")
    @CsvSource({
        "1, 12, 12, 64, 64, 1", // whole tiles
        "2, 13, 11, 80, 100, 1", // parts of tiles, of panels and of blocks of channels
        "1, 35, 6, 336, 72, 1", // more than one block of channels
        "1, 16, 16, 272, 64, 2",
        "2, 30, 29, 64, 65, 0" // more tiles than outputs
    })
    default void convolutionLargeEnoughForTilesAgrees(int n, int h, int w, int c, int o, int padding) {
        agreesWithTheReference(
                Tolerance.forTilesOf(c),
                random(41, n, h, w, c),
                in -> in.g()
                        .conv2d(
                                in.x(),
                                in.constant(random(42, o, c, 3, 3)),
                                in.constant(random(43, o)),
                                1,
                                Padding.all(padding),
                                1,
                                1));
    }

    @ParameterizedTest(name = "[{0}, {1}], top {2}, left {3}, bottom {4}, right {5}, stride {6}")
    @CsvSource({
        "16, 12, 0, 0, 1, 1, 2", // the VAE encoder's way down
        "9, 11, 0, 0, 1, 1, 2",
        "5, 6, 2, 0, 0, 3, 1",
        "4, 4, 0, 5, 1, 0, 1", // more padding than kernel: whole columns of bias
        "3, 3, 1, 2, 3, 4, 3"
    })
    default void asymmetricPaddingAgrees(int h, int w, int top, int left, int bottom, int right, int stride) {
        Padding padding = new Padding(top, left, bottom, right);
        agreesWithTheReference(
                Tolerance.forSumOf(17 * 9),
                random(44, 2, h, w, 17),
                in -> in.g()
                        .conv2d(
                                in.x(),
                                in.constant(random(45, 5, 17, 3, 3)),
                                in.constant(random(46, 5)),
                                stride,
                                padding,
                                1,
                                1));
    }

    @Test
    default void asymmetricPaddingOfManyChannelsAgrees() {
        agreesWithTheReference(
                Tolerance.forTilesOf(64),
                random(44, 2, 14, 11, 64),
                in -> in.g()
                        .conv2d(
                                in.x(),
                                in.constant(random(45, 70, 64, 3, 3)),
                                in.constant(random(46, 70)),
                                1,
                                new Padding(0, 3, 2, 1),
                                1,
                                1));
    }

    @ParameterizedTest(name = "{0} groups of {1} to {2}")
    @CsvSource({"2, 4, 6", "8, 1, 1", "33, 1, 1", "3, 1, 2", "5, 17, 3", "2, 16, 32", "40, 1, 1"})
    default void groupsAgree(int groups, int channels, int outChannels) {
        agreesWithTheReference(
                Tolerance.forSumOf(9L * channels),
                random(47, 2, 6, 7, groups * channels),
                in -> in.g()
                        .conv2d(
                                in.x(),
                                in.constant(random(48, groups * outChannels, channels, 3, 3)),
                                in.constant(random(49, groups * outChannels)),
                                1,
                                Padding.all(1),
                                1,
                                groups));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    default void dilationAgrees(int dilation) {
        agreesWithTheReference(
                Tolerance.forSumOf(5 * 9),
                random(50, 1, 10, 11, 5),
                in -> in.g().conv2d(in.x(), in.constant(random(51, 4, 5, 3, 3)), null, 1, Padding.all(2), dilation, 1));
    }

    @Test
    default void anOblongKernelAgrees() {
        agreesWithTheReference(
                Tolerance.forSumOf(3 * 10),
                random(52, 1, 8, 9, 3),
                in -> in.g()
                        .conv2d(in.x(), in.constant(random(53, 7, 3, 2, 5)), null, 1, new Padding(1, 2, 0, 2), 1, 1));
    }

    @ParameterizedTest
    @EnumSource(names = {"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})
    default void convolutionWeightsOfEveryTypeAreWidened(DType dtype) {
        for (int kernel : new int[] {1, 3}) {
            Tensor weight = stored(random(54, 20, 17, kernel, kernel), dtype);
            Tensor bias = stored(random(55, 20), dtype);
            agreesWithTheReference(
                    Tolerance.forSumOf(17L * kernel * kernel),
                    random(56, 1, 6, 5, 17),
                    in -> in.g()
                            .conv2d(in.x(), in.constant(weight), in.constant(bias), 1, Padding.all(kernel / 2), 1, 1));
        }
    }

    @ParameterizedTest(name = "[{0}, {1}, {2}] to {3}, kernel {4}, stride {5}")
    @CsvSource({
        "1, 1, 33, 40, 1, 1",
        "7, 9, 5, 17, 3, 1",
        "8, 8, 40, 40, 3, 1",
        "9, 7, 4, 40, 3, 2",
        "5, 5, 40, 4, 3, 1",
        "16, 16, 16, 16, 1, 1",
        "24, 24, 64, 64, 3, 1", // fewer tiles than outputs alone, more in a batch
        "13, 15, 320, 96, 3, 1"
    })
    default void conv2dDoesNotDependOnTheBatch(int h, int w, int c, int o, int kernel, int stride) {
        doesNotDependOnTheBatch(
                random(57, 3, h, w, c),
                in -> in.g()
                        .conv2d(
                                in.x(),
                                in.constant(random(58, o, c, kernel, kernel)),
                                in.constant(random(59, o)),
                                stride,
                                Padding.all(kernel / 2),
                                1,
                                1));
    }
}
