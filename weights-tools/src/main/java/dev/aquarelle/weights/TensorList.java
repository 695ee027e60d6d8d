package dev.aquarelle.weights;

import dev.aquarelle.core.tensor.Shape;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Names and shapes of a model's tensors in the order they are added, seen from one of its parts: {@code list.at("mid_block").norm("norm", 512)}
 * adds {@code mid_block.norm.weight} and {@code mid_block.norm.bias}.
 */
final class TensorList {
    private final Map<String, Shape> shapes;
    private final String prefix;

    private TensorList(Map<String, Shape> shapes, String prefix) {
        this.shapes = shapes;
        this.prefix = prefix;
    }

    TensorList() {
        this(new LinkedHashMap<>(), "");
    }

    TensorList at(String part) {
        return new TensorList(shapes, prefix + part + ".");
    }

    TensorList at(String part, int index) {
        return at(part).at(Integer.toString(index));
    }

    void add(String name, int... dims) {
        if (shapes.putIfAbsent(prefix + name, Shape.of(dims)) != null) {
            throw new IllegalStateException(prefix + name + ": listed twice");
        }
    }

    void norm(String name, int channels) {
        add(name + ".weight", channels);
        add(name + ".bias", channels);
    }

    /** A matrix {@code [out, in]} and a bias. */
    void linear(String name, int in, int out) {
        matrix(name, in, out);
        add(name + ".bias", out);
    }

    /** A matrix {@code [out, in]} without a bias. */
    void matrix(String name, int in, int out) {
        add(name + ".weight", out, in);
    }

    /** A convolution {@code [out, in, kernel, kernel]} and a bias. */
    void conv(String name, int in, int out, int kernel) {
        add(name + ".weight", out, in, kernel, kernel);
        add(name + ".bias", out);
    }

    /** All tensors by full name, whatever part this list is seen from. */
    Map<String, Shape> shapes() {
        return Collections.unmodifiableMap(shapes);
    }
}
