package dev.aquarelle.sd.lora;

import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.nn.LowRank;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** LoRA files whose numbers are a formula, so that the reference needs no file to compute the same. */
final class TinyLora {
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    /** Number i is {@code ((7 i^2 + 13 i + 29 seed) mod 61 - 30) / 64}, exact in every type. */
    static Tensor numbers(int seed, int... dims) {
        int count = Arrays.stream(dims).reduce(1, (a, b) -> a * b);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = Math.floorMod(i * i * 7 + i * 13 + seed * 29, 61) / 64f - 30 / 64f;
        }
        return Tensor.of(values, dims);
    }

    TinyLora add(String name, int seed, int... dims) {
        return add(name, numbers(seed, dims));
    }

    TinyLora add(String name, Tensor tensor) {
        tensors.put(name, tensor);
        return this;
    }

    /** A plain pair of rank 2 by kohya's names. */
    TinyLora pair(String layer, int seed, int out, int in) {
        return add(layer + ".lora_down.weight", seed, 2, in).add(layer + ".lora_up.weight", seed + 1, out, 2);
    }

    LoraFile file(Path folder) {
        return file(folder, "lora.safetensors", new SafetensorsWriter());
    }

    LoraFile file(Path folder, String name, SafetensorsWriter writer) {
        Path path = folder.resolve(name);
        tensors.forEach(writer::add);
        try {
            writer.write(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return LoraFile.read(path, Arena.ofAuto());
    }

    /** A layer's weight together with its side branch. */
    static float[] whole(Weights layer) {
        float[] sum = layer.get("weight").toFloatArray();
        if (layer.has(LowRank.DOWN)) {
            Tensor down = layer.get(LowRank.DOWN);
            Tensor up = layer.get(LowRank.UP);
            int rank = up.shape().last();
            int columns = down.shape().last();
            for (int i = 0; i < sum.length; i++) {
                for (int k = 0; k < rank; k++) {
                    sum[i] += up.getFloat(i / columns * rank + k) * down.getFloat(k * columns + i % columns);
                }
            }
        }
        return sum;
    }
}
