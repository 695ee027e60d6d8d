package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.core.safetensors.SafetensorsFile;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.sd.ListedWeights;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The demo model in a folder of the test's own, to be changed.
 *
 * @param folder the model's
 */
record ModelCopy(Path folder) {
    static ModelCopy in(Path folder) throws IOException {
        Path demo = DemoModel.path();
        try (Stream<Path> files = Files.walk(demo)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = folder.resolve(demo.relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
            }
        }
        return new ModelCopy(folder);
    }

    /** Replaces what stands in a file, and must stand there. */
    ModelCopy replace(String file, String what, String by) throws IOException {
        Path path = folder.resolve(file);
        String text = Files.readString(path);
        assertThat(text).contains(what);
        Files.writeString(path, text.replace(what, by));
        return this;
    }

    /** Puts zeros of another shape in the place of a tensor, or beside the others if there is none of that name. */
    ModelCopy zeros(String part, String tensor, int... dims) throws IOException {
        return put(part, tensor, _ -> ListedWeights.zeros(dims));
    }

    /** Puts one value in the place of all of a tensor's, which must be there. */
    ModelCopy fill(String part, String tensor, float value) throws IOException {
        return put(part, tensor, weights -> {
            float[] values = weights.tensor(tensor).toFloatArray();
            Arrays.fill(values, value);
            return Tensor.of(values, weights.tensor(tensor).shape().dims());
        });
    }

    /** Lets the denoiser see more channels than latents, which weigh nothing. */
    ModelCopy seeing(int channels) throws IOException {
        replace("unet/config.json", "\"in_channels\": 4", "\"in_channels\": " + channels);
        return put("unet", "conv_in.weight", weights -> {
            Tensor old = weights.tensor("conv_in.weight");
            int[] dims = old.shape().dims();
            int kernel = dims[2] * dims[3];
            float[] from = old.toFloatArray();
            float[] to = new float[dims[0] * channels * kernel];
            for (int out = 0; out < dims[0]; out++) {
                System.arraycopy(from, out * 4 * kernel, to, out * channels * kernel, 4 * kernel);
            }
            return Tensor.of(to, dims[0], channels, dims[2], dims[3]);
        });
    }

    private ModelCopy put(String part, String tensor, Function<SafetensorsFile, Tensor> values) throws IOException {
        Path path;
        try (Stream<Path> files = Files.list(folder.resolve(part))) {
            path = files.filter(file -> file.toString().endsWith(".safetensors"))
                    .findFirst()
                    .orElseThrow();
        }
        Path changed = path.resolveSibling("changed");
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile original = SafetensorsFile.open(path, arena);
            SafetensorsWriter writer = new SafetensorsWriter();
            for (String name : original.names()) {
                if (!name.equals(tensor)) {
                    writer.add(name, original.tensor(name));
                }
            }
            writer.add(tensor, values.apply(original)).write(changed);
        }
        Files.move(changed, path, StandardCopyOption.REPLACE_EXISTING);
        return this;
    }
}
