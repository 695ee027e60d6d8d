package dev.aquarelle.sd.checkpoint;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.sd.ModelException;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/**
 * What a file holds, told by its first bytes and by the names and shapes of its tensors, never by its own name.
 *
 * @param title {@code LoRA}, {@code single-file checkpoint of Stable Diffusion 1}, {@code Flux} and so on; {@code unknown} where nothing tells
 * @param isSafetensors whether it is a safetensors file
 * @param isCheckpoint whether {@link SingleFile} opens it
 */
public record FileKind(String title, boolean isSafetensors, boolean isCheckpoint) {
    /** A tiny autoencoder (madebyollin/taesd), with one way or both. */
    public static final FileKind TINY_AUTOENCODER = new FileKind(KnownTensors.TINY_AUTOENCODER, true, false);

    private static final String UNKNOWN = "unknown";

    /**
     * The kind of a file, whatever it is.
     *
     * @throws ModelException if there is no readable file
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if it begins like a safetensors file and is malformed
     */
    public static FileKind of(Path file) {
        String foreign = FirstBytes.kind(file);
        if (foreign != null) {
            return new FileKind(foreign, false, false);
        }
        try (Arena arena = Arena.ofConfined()) {
            return of(Weights.open(file, arena));
        }
    }

    /** The kind of a safetensors file, by names and shapes alone. */
    public static FileKind of(Weights tensors) {
        String other = KnownTensors.kind(tensors);
        if (other != null) {
            return new FileKind(other, true, false);
        }
        return LdmUNet.isIn(tensors) ? checkpoint(tensors) : new FileKind(UNKNOWN, true, false);
    }

    private static FileKind checkpoint(Weights tensors) {
        Family family = Family.of(tensors);
        int channels = LdmUNet.inChannels(tensors);
        String title = "single-file checkpoint of %s".formatted(family.title());
        return switch (channels) {
            case 4 -> new FileKind(title, true, true);
            case 8 -> new FileKind(title + " for editing (InstructPix2Pix)", true, true);
            case 9 -> new FileKind(title + " for inpainting", true, true);
            default -> new FileKind("%s with %d input channels".formatted(title, channels), true, false);
        };
    }

    /** The title. */
    @Override
    public String toString() {
        return title;
    }
}
