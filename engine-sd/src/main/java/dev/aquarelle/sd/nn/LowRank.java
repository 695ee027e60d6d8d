package dev.aquarelle.sd.nn;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.Value;
import org.jspecify.annotations.Nullable;

/**
 * A side branch of a linear layer or convolution that has learned something more (LoRA, Hu et al., arXiv:2106.09685): down to a few
 * channels, up again, and added to what the layer itself gives. It is there where {@link #DOWN} and {@link #UP} lie beside the layer's weight.
 *
 * @param down [rank, in], or [rank, in, kernel, kernel] where the layer is a convolution
 * @param up [out, rank]; how strongly it counts is part of it
 */
public record LowRank(Parameter down, Parameter up) {
    /** The name of {@link #down} in the layer's part of the checkpoint: [rank, in * kernel * kernel]. */
    public static final String DOWN = "lora_down.weight";
    /** The name of {@link #up} in the layer's part of the checkpoint: [out, rank]. */
    public static final String UP = "lora_up.weight";

    /**
     * What lies beside a layer's weight.
     *
     * @param in numbers that each result of the layer is made of: channels, or channels and the pixels of its window
     * @return null if there is nothing
     */
    static @Nullable LowRank load(Weights weights, int in, int out) {
        if (!weights.has(DOWN)) {
            return null;
        }
        int rank = weights.info(DOWN).shape().rank() == 2
                ? weights.info(DOWN).shape().dim(0)
                : 1;
        return new LowRank(Parameter.load(weights, DOWN, rank, in), Parameter.load(weights, UP, out, rank));
    }

    /** The same for a convolution with such a kernel. */
    LowRank ofKernel(int in, int kernel) {
        return new LowRank(down.reshape(down.tensor().shape().dim(0), in, kernel, kernel), up);
    }

    /** What is added to a linear layer's result: x [..., in] gives [..., out]. */
    Value forward(Graph g, Value x) {
        return g.linear(g.linear(x, down.in(g), null), up.in(g), null);
    }

    /** What is added to a convolution's result: x [N, H, W, in] gives [N, H', W', out]. */
    Value forward(Graph g, Value x, int stride, Padding padding) {
        return g.linear(g.conv2d(x, down.in(g), null, stride, padding, 1, 1), up.in(g), null);
    }
}
