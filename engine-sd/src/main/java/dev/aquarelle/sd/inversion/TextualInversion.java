package dev.aquarelle.sd.inversion;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.SafetensorsFile;
import dev.aquarelle.core.tensor.Tensor;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A word and its vectors, from a safetensors file of one of these kinds:
 * <pre>
 * diffusers       one tensor, named as the word
 * AUTOMATIC1111   one tensor emb_params; the word is the file's name
 * SDXL            clip_l and clip_g for the first and the second text encoder; the word is the file's name
 * </pre>
 * Files of PyTorch's own kind ({@code .pt}, {@code .bin}) are programs that are run to be read, and refused.
 */
public final class TextualInversion {
    private static final String AUTOMATIC = "emb_params";
    private static final String FIRST = "clip_l";
    private static final String SECOND = "clip_g";
    private static final Set<String> SDXL = Set.of(FIRST, SECOND);

    private final Path path;
    private final String token;
    private final Map<String, Tensor> tensors;

    private TextualInversion(Path path, String token, Map<String, Tensor> tensors) {
        this.path = path;
        this.token = token;
        this.tensors = tensors;
    }

    /**
     * Reads a file under the word that it or its name says.
     *
     * @param arena what the vectors live with; longer than the models they are laid over
     * @throws SafetensorsException if it is no safetensors file, is damaged, or holds something else
     */
    public static TextualInversion read(Path file, Arena arena) {
        return open(file, null, arena);
    }

    /**
     * The same under another word.
     *
     * @param token what stands for the vectors in a prompt
     */
    public static TextualInversion read(Path file, String token, Arena arena) {
        return open(file, token, arena);
    }

    private static TextualInversion open(Path path, @Nullable String word, Arena arena) {
        SafetensorsFile file = SafetensorsFile.open(path, arena);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        boolean isSdxl = !file.names().isEmpty() && SDXL.containsAll(file.names());
        if (!isSdxl && file.names().size() != 1) {
            throw new SafetensorsException(
                    "%s: expected an embedding, one tensor or %s and %s, found %d tensors such as %s"
                            .formatted(
                                    path,
                                    FIRST,
                                    SECOND,
                                    file.names().size(),
                                    file.names().stream().limit(3).toList()));
        }
        for (String name : file.names()) {
            tensors.put(name, rows(path, name, file.tensor(name)));
        }
        String own = file.names().iterator().next();
        String token = word != null ? word : isSdxl || own.equals(AUTOMATIC) ? stem(path) : own;
        if (token.isBlank()) {
            throw new SafetensorsException(
                    "%s: expected a tensor named as the word, found '%s'".formatted(path, token));
        }
        return new TextualInversion(path, token, tensors);
    }

    /** [vectors, width]; a single vector may lack the outer axis. */
    private static Tensor rows(Path path, String name, Tensor tensor) {
        int axes = tensor.shape().rank();
        if (!tensor.dtype().isFloatingPoint()
                || axes < 1
                || axes > 2
                || tensor.shape().size() == 0) {
            throw new SafetensorsException(
                    "%s: expected vectors [count, width], found %s in %s".formatted(name, tensor, path));
        }
        return axes == 1 ? tensor.reshape(1, tensor.shape().last()) : tensor;
    }

    private static String stem(Path path) {
        String name = path.toAbsolutePath().normalize().getFileName().toString();
        int dot = name.lastIndexOf('.');
        return dot > 0 ? name.substring(0, dot) : name;
    }

    /** The file. */
    public Path path() {
        return path;
    }

    /** What stands for the vectors in a prompt. */
    public String token() {
        return token;
    }

    /**
     * The vectors for a text encoder, [count, width].
     *
     * @param second whether it is the second one of SDXL
     * @param alone whether the model has no other
     * @param width of its hidden states
     * @throws SafetensorsException if the file has none of this width for it
     */
    Tensor vectors(boolean second, boolean alone, int width) {
        String name = second ? SECOND : FIRST;
        Tensor found = tensors.get(name);
        boolean isOfOne = tensors.keySet().stream().noneMatch(SDXL::contains);
        if (isOfOne && alone) {
            found = tensors.values().iterator().next();
        } else if (isOfOne || found == null || !second && alone && tensors.containsKey(SECOND)) {
            throw new SafetensorsException("%s: expected %s, found %s: the embedding is for another kind of model"
                    .formatted(path, alone && !second ? "one tensor" : FIRST + " and " + SECOND, tensors.keySet()));
        }
        if (found == null || found.shape().last() != width) {
            throw new SafetensorsException("%s: expected vectors of width %d, as the text encoder has, found %s"
                    .formatted(path, width, found));
        }
        return found;
    }

    @Override
    public String toString() {
        return "'%s' of %s".formatted(token, path);
    }
}
