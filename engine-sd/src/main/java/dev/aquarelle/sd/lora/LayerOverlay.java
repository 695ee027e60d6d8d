package dev.aquarelle.sd.lora;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.nn.LowRank;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What all files together lay over one layer. Differences of low rank become one pair of thin matrices beside the weight, all files' one
 * behind the other along the rank; others become a weight of their own; differences of the bias a bias of its own.
 */
final class LayerOverlay {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

    private final Layer layer;
    private final List<Contribution> thin = new ArrayList<>();
    private final List<Contribution> merged = new ArrayList<>();
    private final List<BiasDifference> biases = new ArrayList<>();

    private record BiasDifference(Piece piece, double weight) {}

    LayerOverlay(Layer layer) {
        this.layer = layer;
    }

    /**
     * Takes what a file has for the layer.
     *
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if a shape does not fit the layer
     */
    void add(LoraModule module, boolean hasBias, double weight) {
        if (module.hasDifference()) {
            Contribution contribution = Contribution.of(module, layer, weight);
            if (weight != 0) {
                (contribution.isLowRank() ? thin : merged).add(contribution);
            }
        }
        Piece bias = module.find(Role.DIFF_B);
        if (bias != null && hasBias) {
            bias.require(layer.out());
            if (weight != 0) {
                biases.add(new BiasDifference(bias, weight));
            }
        }
    }

    /** Bytes of the weights and biases that stand in the place of the model's own. */
    long mergedBytes() {
        return (merged.isEmpty() ? 0 : DType.F32.bytesFor(layer.shape().size()))
                + (biases.isEmpty() ? 0 : DType.F32.bytesFor(layer.out()));
    }

    /** Bytes of the thin matrices beside the model's own, at most: what can stay in its file takes none. */
    long lowRankBytes() {
        long bytes = 0;
        for (Contribution c : thin) {
            long rank = lowRank(c).rank();
            bytes += (staysDown() ? 0 : DType.F32.bytesFor(rank * layer.columns()))
                    + (staysUp() ? 0 : DType.F32.bytesFor(rank * layer.out()));
        }
        return bytes;
    }

    private boolean staysDown() {
        return thin.size() == 1 && lowRank(thin.getFirst()).mid() == null;
    }

    private boolean staysUp() {
        return thin.size() == 1 && strength(thin.getFirst()) == 1;
    }

    private static Difference.LowRank lowRank(Contribution c) {
        return (Difference.LowRank) c.difference();
    }

    private static double strength(Contribution c) {
        return c.inside() * lowRank(c).scale();
    }

    /**
     * Adds the layer's tensors to an overlay.
     *
     * @param base the part's weights
     * @param allocator where new tensors are made
     */
    void overlay(Weights base, SegmentAllocator allocator, Map<String, Tensor> overlay) {
        if (!thin.isEmpty()) {
            String place = layer.name() + ".";
            overlay.put(place + LowRank.DOWN, down(allocator));
            overlay.put(place + LowRank.UP, up(allocator));
        }
        if (!merged.isEmpty()) {
            overlay.put(
                    layer.weight(),
                    weight(base.get(layer.weight(), layer.shape().dims()), allocator));
        }
        if (!biases.isEmpty()) {
            overlay.put(layer.bias(), bias(base.get(layer.bias(), layer.out()), allocator));
        }
    }

    /** [rank, columns] of all files. */
    private Tensor down(SegmentAllocator allocator) {
        if (staysDown()) {
            Difference.LowRank only = lowRank(thin.getFirst());
            return only.down().tensor().reshape(only.rank(), layer.columns());
        }
        int rank = thin.stream().mapToInt(c -> lowRank(c).rank()).reduce(0, Math::addExact);
        Tensor down = Tensor.allocate(allocator, DType.F32, rank, layer.columns());
        long at = 0;
        for (Contribution c : thin) {
            Matrix own = lowRank(c).downMatrix();
            for (int row = 0; row < own.rows(); row++) {
                for (int i = 0; i < own.columns(); i++) {
                    down.data().setAtIndex(FLOAT, at++, (float) own.at(row, i));
                }
            }
        }
        return down;
    }

    /** [out, rank] of all files, each with its strength. */
    private Tensor up(SegmentAllocator allocator) {
        if (staysUp()) {
            Difference.LowRank only = lowRank(thin.getFirst());
            return only.up().tensor().reshape(layer.out(), only.rank());
        }
        int rank = thin.stream().mapToInt(c -> lowRank(c).rank()).reduce(0, Math::addExact);
        Tensor up = Tensor.allocate(allocator, DType.F32, layer.out(), rank);
        int first = 0;
        for (Contribution c : thin) {
            Matrix own = lowRank(c).upMatrix();
            double strength = strength(c);
            for (int row = 0; row < own.rows(); row++) {
                for (int k = 0; k < own.columns(); k++) {
                    up.data().setAtIndex(FLOAT, (long) row * rank + first + k, (float) (strength * own.at(row, k)));
                }
            }
            first += own.columns();
        }
        return up;
    }

    private Tensor weight(Tensor base, SegmentAllocator allocator) {
        BaseRows rows = new BaseRows(base);
        List<Difference.Rows> differences =
                merged.stream().map(c -> c.rows(rows)).toList();
        Tensor weight = Tensor.allocate(allocator, DType.F32, layer.shape().dims());
        double[] sum = new double[layer.columns()];
        for (int row = 0; row < layer.out(); row++) {
            rows.read(row, sum);
            for (Difference.Rows difference : differences) {
                difference.add(row, 1, sum);
            }
            for (int i = 0; i < sum.length; i++) {
                weight.data().setAtIndex(FLOAT, (long) row * sum.length + i, (float) sum[i]);
            }
        }
        return weight;
    }

    private Tensor bias(Tensor base, SegmentAllocator allocator) {
        Tensor bias = Tensor.allocate(allocator, DType.F32, layer.out());
        for (int i = 0; i < layer.out(); i++) {
            double sum = base.getFloat(i);
            for (BiasDifference difference : biases) {
                sum += difference.weight() * difference.piece().tensor().getFloat(i);
            }
            bias.data().setAtIndex(FLOAT, i, (float) sum);
        }
        return bias;
    }
}
