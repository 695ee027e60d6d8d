package dev.aquarelle.sd.upscale;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** A network that makes pictures larger: {@code [N, H, W, 3]} from 0 to 1 give {@code [N, scale H, scale W, 3]}, about 0 to 1. */
sealed interface SuperResolution permits RRDBNet, SRVGGNetCompact {
    /** Red, green and blue. */
    int COLORS = 3;

    /** Far above any real number, so that sums of a few do not overflow. */
    int MOST_CHANNELS = 1 << 16;

    /** Times as many pixels along a side. */
    int scale();

    /** What height and width have to be multiples of. */
    int multiple();

    /** Adds the network to a graph. */
    Value forward(Graph g, Value picture);

    /** The network as a graph with one input and one output, for a picture of so many pixels. */
    default Graph graph(int height, int width) {
        return Graph.of(g -> forward(g, g.input("picture", 1, height, width, COLORS)));
    }

    /**
     * The network in a file, whose kind, size and scale the tensors' names and shapes tell.
     *
     * @throws SafetensorsException if it is none of these, a tensor is missing or has another shape, or there are more than the network
     *     has: a variant that would be computed wrongly
     */
    static SuperResolution load(Weights file) {
        Weights weights = unwrapped(file);
        SuperResolution network = SRVGGNetCompact.isIn(weights)
                ? SRVGGNetCompact.load(weights)
                : RRDBNet.load(weights, RrdbNames.of(weights));
        Set<String> known = network.graph(network.multiple(), network.multiple()).values().stream()
                .filter(value -> value.op() instanceof SourceOp.Constant)
                .map(value -> ((SourceOp.Constant) value.op()).name())
                .collect(Collectors.toSet());
        for (String name : weights.names()) {
            if (!known.contains(weights.path(name))) {
                throw new SafetensorsException("%s: expected the tensors of %s only, found this in %s"
                        .formatted(weights.path(name), network, weights.where()));
            }
        }
        return network;
    }

    /**
     * What the header says of a convolution's weight, before sizes are taken from it.
     *
     * @throws SafetensorsException if it is missing, or no convolution of a size that can be
     */
    static Shape convolution(Weights weights, String layer) {
        String name = layer + ".weight";
        Shape shape = weights.info(name).shape();
        if (shape.rank() != 4 || shape.dim(0) < 1 || shape.dim(0) > MOST_CHANNELS) {
            throw new SafetensorsException("%s: expected a convolution of 1 to %d channels, found %s in %s"
                    .formatted(weights.path(name), MOST_CHANNELS, shape, weights.where()));
        }
        return shape;
    }

    /** Training puts the network into a dictionary under one of these names, and some converters keep it. */
    private static Weights unwrapped(Weights file) {
        for (String name : List.of("params_ema", "params")) {
            if (file.hasPart(name)) {
                return file.at(name);
            }
        }
        return file;
    }
}
