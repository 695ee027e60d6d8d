package dev.aquarelle.sd.nn;

import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import java.util.ArrayList;
import java.util.List;

/**
 * Layers one after the other, as in checkpoints that number them. A number counts layers without weights too, which is why the numbers
 * of the tensors have gaps.
 *
 * @param layers in their order, each under its number
 */
public record Sequential(List<Numbered> layers) implements Layer {
    /** {@code max(x, 0)} of each element. */
    public static final Layer RELU = (g, x) -> g.activate(x, Activation.RELU);

    /** Twice the height and width, each pixel four times. */
    public static final Layer UPSAMPLE2 =
            (g, x) -> g.upsampleNearest(x, 2 * x.shape().dim(1), 2 * x.shape().dim(2));

    /**
     * One of the layers.
     *
     * @param number what the checkpoint calls it
     */
    public record Numbered(int number, Layer layer) {}

    /** The layers do not change any more. */
    public Sequential {
        layers = List.copyOf(layers);
    }

    /** Numbers layers as they are added. */
    public static final class Builder {
        private final List<Numbered> layers = new ArrayList<>();
        private int next;

        /**
         * @param first the number of the first layer
         */
        public Builder(int first) {
            this.next = first;
        }

        /** What the checkpoint calls the layer that is added next. */
        public String name() {
            return Integer.toString(next);
        }

        /** Adds a layer under the next number. */
        public void add(Layer layer) {
            layers.add(new Numbered(next++, layer));
        }

        /** All that was added. */
        public Sequential build() {
            return new Sequential(layers);
        }
    }

    @Override
    public Value forward(Graph g, Value x) {
        for (Numbered each : layers) {
            x = each.layer.forward(g, Integer.toString(each.number), x);
        }
        return x;
    }
}
