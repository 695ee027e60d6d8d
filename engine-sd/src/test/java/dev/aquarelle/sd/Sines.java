package dev.aquarelle.sd;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Weights and inputs by a formula, so that the reference needs no file to compute the same: number {@code i} of the tensor {@code k}, counted in
 * the order of the names, is {@code height * sin(0.7 (i + 1) + 0.31 k)}.
 */
public final class Sines {
    private final SortedMap<String, Shape> shapes = new TreeMap<>();

    /** Adds the weight and bias of a convolution. */
    public Sines conv(String name, int in, int out) {
        return convWithoutBias(name, in, out).vector(name + ".bias", out);
    }

    /** Adds the weight of a convolution. */
    public Sines convWithoutBias(String name, int in, int out) {
        shapes.put(name + ".weight", Shape.of(out, in, 3, 3));
        return this;
    }

    /** Adds a vector. */
    public Sines vector(String name, int size) {
        shapes.put(name, Shape.of(size));
        return this;
    }

    /** The numbers of all tensors that were added. */
    public Map<String, Tensor> tensors(double height) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        shapes.forEach((name, shape) -> {
            float[] values = values((int) shape.size(), 0.7, 0.31 * tensors.size(), height, 0);
            tensors.put(name, Tensor.of(values, shape.dims()));
        });
        return tensors;
    }

    /** A checkpoint of tensors, called {@code model.safetensors} in messages. */
    public static Weights weights(Map<String, Tensor> tensors) {
        return Weights.of("model.safetensors", tensors);
    }

    /** An input of {@code height * sin(0.9 (i + 1)) + offset}. */
    public static Tensor input(double height, double offset, int... dims) {
        return Tensor.of(values((int) Shape.of(dims).size(), 0.9, 0, height, offset), dims);
    }

    /** Numbers with blanks between them. */
    public static float[] numbers(String text) {
        List<String> numbers = List.of(text.strip().split("\\s+", -1));
        float[] values = new float[numbers.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.parseFloat(numbers.get(i));
        }
        return values;
    }

    private static float[] values(int count, double frequency, double phase, double height, double offset) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (height * Math.sin(frequency * (i + 1) + phase) + offset);
        }
        return values;
    }
}
