package dev.aquarelle.sd.control;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.sd.ModelException;
import java.util.Map;

/** What the tensors of a file tell of a model whose configuration is not known. */
final class FoundTensors {
    private FoundTensors() {}

    /**
     * The shape of a tensor that must have so many axes, none of them empty.
     *
     * @throws ModelException if it has others
     */
    static Shape shape(Weights weights, String name, int rank) {
        Shape shape = weights.get(name).shape();
        if (shape.rank() != rank || shape.size() == 0) {
            throw new ModelException(
                    "%s: expected %d axes, found %s in %s".formatted(weights.path(name), rank, shape, weights.where()));
        }
        return shape;
    }

    /** How many parts there are of a list, such as {@code down_blocks.0.resnets}. */
    static int count(Weights weights, String list) {
        int count = 0;
        while (weights.hasPart(list + "." + count)) {
            count++;
        }
        return count;
    }

    /** Notes that all tensors of a part are found under another name. */
    static void part(Weights weights, String from, String to, Map<String, String> names) {
        for (String rest : weights.at(from).names()) {
            names.put(to + "." + rest, from + "." + rest);
        }
    }
}
