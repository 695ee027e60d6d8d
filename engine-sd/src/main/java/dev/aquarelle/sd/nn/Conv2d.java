package dev.aquarelle.sd.nn;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.Value;
import org.jspecify.annotations.Nullable;

/**
 * A convolution of images: [N, H, W, in] gives [N, H', W', out].
 *
 * @param weight [out, in, kernel, kernel]
 * @param bias [out], if there is one
 * @param stride pixels from one window to the next
 * @param padding zeros around the image
 * @param lowRank what is added to the result, if there is anything
 */
public record Conv2d(
        Parameter weight,
        @Nullable Parameter bias,
        int stride,
        Padding padding,
        @Nullable LowRank lowRank) implements Layer {

    /** One that keeps the image's size: stride 1, an odd kernel, half of it as padding. */
    public static Conv2d load(Weights weights, int in, int out, int kernel) {
        return load(weights, in, out, kernel, 1, Padding.all(kernel / 2));
    }

    /** The weight and bias of this part of the checkpoint. */
    public static Conv2d load(Weights weights, int in, int out, int kernel, int stride, Padding padding) {
        LowRank lowRank = LowRank.load(weights, in * kernel * kernel, out);
        return new Conv2d(
                Parameter.load(weights, "weight", out, in, kernel, kernel),
                Parameter.load(weights, "bias", out),
                stride,
                padding,
                lowRank == null ? null : lowRank.ofKernel(in, kernel));
    }

    /** The weight alone of this part of the checkpoint, with half of an odd kernel as padding. */
    public static Conv2d loadWithoutBias(Weights weights, int in, int out, int kernel, int stride) {
        LowRank lowRank = LowRank.load(weights, in * kernel * kernel, out);
        return new Conv2d(
                Parameter.load(weights, "weight", out, in, kernel, kernel),
                null,
                stride,
                Padding.all(kernel / 2),
                lowRank == null ? null : lowRank.ofKernel(in, kernel));
    }

    @Override
    public Value forward(Graph g, Value x) {
        Value y = g.conv2d(x, weight.in(g), bias == null ? null : bias.in(g), stride, padding, 1, 1);
        return lowRank == null ? y : g.add(y, lowRank.forward(g, x, stride, padding));
    }
}
