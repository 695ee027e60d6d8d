package dev.aquarelle.sd;

import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A decoder in the layout of {@code taesd_decoder.safetensors} that only copies: red, green and blue of a pixel are the first three channels of its
 * latents, bounded by {@code 3 tanh(x / 3)}, where 0 and what is below is black and 2 is full.
 */
public final class TinyTaesd {
    private static final int KERNEL = 3;

    private TinyTaesd() {}

    /**
     * Writes one.
     *
     * @param latentChannels at least 3
     * @param channels of its feature maps, at least as many
     * @param levels so that a latent becomes {@code 2^(levels - 1)} pixels wide
     */
    public static void write(Path file, int latentChannels, int channels, int levels) throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        copy(tensors, "1", latentChannels, channels, 1); // layer 0 bounds the latents
        tensors.put("1.bias", Tensor.of(new float[channels], channels));
        int layer = 4; // behind the activation and the first factor of 2
        for (int level = 1; level < levels; level++, layer += 2) {
            copy(tensors, Integer.toString(layer), channels, channels, 1);
        }
        String last = Integer.toString(layer - 1);
        copy(tensors, last, channels, 3, 0.5f);
        tensors.put(last + ".bias", Tensor.of(new float[3], 3));
        SafetensorsWriter writer = new SafetensorsWriter();
        tensors.forEach(writer::add);
        writer.write(file);
    }

    /** A 3x3 convolution whose result {@code i} is {@code factor} times its input {@code i}. */
    private static void copy(Map<String, Tensor> tensors, String layer, int in, int out, float factor) {
        float[] weights = new float[out * in * KERNEL * KERNEL];
        for (int i = 0; i < Math.min(in, out); i++) {
            weights[(i * in + i) * KERNEL * KERNEL + KERNEL * KERNEL / 2] = factor;
        }
        tensors.put(layer + ".weight", Tensor.of(weights, out, in, KERNEL, KERNEL));
    }
}
