package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.sd.checkpoint.FileHashes;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How an engine runs; nothing of it changes a picture but what its parameters say of files.
 *
 * @param backend the backend's name, or {@code auto} for the best one that runs here
 * @param backendOptions threads
 * @param memory what the engine may take beyond the mapped weights; in any case no more than the machine or its container has
 * @param hashes of model files for the parameters of pictures; with {@link FileHashes#NONE} they have none
 * @param previewDecoder a tiny autoencoder for {@link Progress#preview}: a folder in the layout of diffusers, or a safetensors file such as
 *     {@code taesd_decoder.safetensors}; if {@code null}, previews are small and need none
 */
public record EngineOptions(
        String backend,
        BackendOptions backendOptions,
        MemoryBudget memory,
        FileHashes hashes,
        @Nullable Path previewDecoder) {
    /** The best backend, all processors, no limit. */
    public static final EngineOptions DEFAULT =
            new EngineOptions("auto", BackendOptions.DEFAULT, MemoryBudget.UNLIMITED);

    /** Without a decoder for previews. */
    public EngineOptions(String backend, BackendOptions backendOptions, MemoryBudget memory, FileHashes hashes) {
        this(backend, backendOptions, memory, hashes, null);
    }

    /** Without hashes of files. */
    public EngineOptions(String backend, BackendOptions backendOptions, MemoryBudget memory) {
        this(backend, backendOptions, memory, FileHashes.NONE);
    }

    /** With hashes of files. */
    public EngineOptions with(FileHashes hashes) {
        return new EngineOptions(backend, backendOptions, memory, hashes, previewDecoder);
    }

    /** With a decoder for previews, or without one if it is {@code null}. */
    public EngineOptions withPreviewDecoder(@Nullable Path previewDecoder) {
        return new EngineOptions(backend, backendOptions, memory, hashes, previewDecoder);
    }
}
