package dev.aquarelle.sd;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The weights of a tiny model by diffusers' names, which are a formula, so that the reference needs no file to compute the same: number
 * {@code i} of the tensor {@code k}, counted in the order of the names, is {@code 0.2 sin(0.7 (i + 1) + 0.31 k)}, and 1 more in the weights
 * of norms.
 */
public final class FormulaWeights {
    private final int timeEmbedDim;
    private final int text;
    private final Map<String, Shape> shapes = new TreeMap<>();

    /** For residual blocks and transformers of these widths of the timestep's embedding and of the text. */
    public FormulaWeights(int timeEmbedDim, int text) {
        this.timeEmbedDim = timeEmbedDim;
        this.text = text;
    }

    /** The tensors as a checkpoint called {@code model.safetensors}. */
    public Weights weights() {
        return Weights.of("model.safetensors", tensors());
    }

    /** The tensors by name, in the order of their names. */
    public Map<String, Tensor> tensors() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        shapes.forEach((name, shape) -> {
            boolean ofNorm = shape.rank() == 1 && name.endsWith(".weight");
            float[] values = sines((int) shape.size(), 0.7, 0.31 * tensors.size(), 0.2, ofNorm ? 1 : 0);
            tensors.put(name, Tensor.of(values, shape.dims()));
        });
        return tensors;
    }

    /** {@code height sin(frequency (i + 1) + phase) + offset} for i from 0. */
    public static float[] sines(int count, double frequency, double phase, double height, double offset) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (height * Math.sin(frequency * (i + 1) + phase) + offset);
        }
        return values;
    }

    /** Any tensor. */
    public void tensor(String name, int... dims) {
        shapes.put(name, Shape.of(dims));
    }

    /** A residual block. */
    public void resnet(String name, int in, int out) {
        norm(name + ".norm1", in);
        conv(name + ".conv1", in, out, 3);
        linear(name + ".time_emb_proj", timeEmbedDim, out);
        norm(name + ".norm2", out);
        conv(name + ".conv2", out, out, 3);
        if (in != out) {
            conv(name + ".conv_shortcut", in, out, 1);
        }
    }

    /** A transformer of one block. */
    public void transformer(String name, int channels, boolean onlyCrossAttention) {
        String block = name + ".transformer_blocks.0";
        norm(name + ".norm", channels);
        conv(name + ".proj_in", channels, channels, 1);
        norm(block + ".norm1", channels);
        attention(block + ".attn1", channels, onlyCrossAttention ? text : channels);
        norm(block + ".norm2", channels);
        attention(block + ".attn2", channels, text);
        norm(block + ".norm3", channels);
        linear(block + ".ff.net.0.proj", channels, 8 * channels);
        linear(block + ".ff.net.2", 4 * channels, channels);
        conv(name + ".proj_out", channels, channels, 1);
    }

    private void attention(String name, int channels, int context) {
        shapes.put(name + ".to_q.weight", Shape.of(channels, channels));
        shapes.put(name + ".to_k.weight", Shape.of(channels, context));
        shapes.put(name + ".to_v.weight", Shape.of(channels, context));
        linear(name + ".to_out.0", channels, channels);
    }

    /** A linear layer with a bias. */
    public void linear(String name, int in, int out) {
        shapes.put(name + ".weight", Shape.of(out, in));
        shapes.put(name + ".bias", Shape.of(out));
    }

    /** A convolution with a bias. */
    public void conv(String name, int in, int out, int kernel) {
        shapes.put(name + ".weight", Shape.of(out, in, kernel, kernel));
        shapes.put(name + ".bias", Shape.of(out));
    }

    /** A norm. */
    public void norm(String name, int channels) {
        shapes.put(name + ".weight", Shape.of(channels));
        shapes.put(name + ".bias", Shape.of(channels));
    }
}
