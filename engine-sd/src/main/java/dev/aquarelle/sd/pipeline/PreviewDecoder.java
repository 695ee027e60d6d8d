package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.vae.Autoencoder;
import dev.aquarelle.sd.vae.AutoencoderTiny;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/** A tiny decoder beside a model's own, for previews. */
final class PreviewDecoder {
    private static final int COLORS = 3;

    private PreviewDecoder() {}

    /**
     * Loads one.
     *
     * @param path a folder in the layout of diffusers, or a safetensors file
     * @param arena what the mapped weights live with
     * @param own the model's
     * @throws ModelException if it has no decoder, or one of other latents
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if the file is broken or lacks a tensor
     */
    static AutoencoderTiny load(Path path, Arena arena, Autoencoder own) {
        AutoencoderTiny tiny = AutoencoderTiny.load(path, arena);
        if (!tiny.hasDecoder()) {
            throw new ModelException("%s: expected a decoder, found the encoder alone".formatted(path));
        }
        if (tiny.latentChannels() != own.latentChannels() || tiny.scale() != own.scale()) {
            throw new ModelException(
                    "%s: expected a decoder of latents of %d channels for %d x %d pixels, as the model has, found %d for %d x %d"
                            .formatted(
                                    path,
                                    own.latentChannels(),
                                    own.scale(),
                                    own.scale(),
                                    tiny.latentChannels(),
                                    tiny.scale(),
                                    tiny.scale()));
        }
        if (tiny.outChannels() != COLORS) {
            throw new ModelException("%s: expected a decoder of %d channels, red, green and blue, found %d"
                    .formatted(path, COLORS, tiny.outChannels()));
        }
        return tiny;
    }
}
