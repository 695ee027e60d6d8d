package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.lora.LoraWeight;
import java.nio.file.Path;

/**
 * A LoRA to lay over the model for a request.
 *
 * @param file a safetensors file, or a folder with one
 * @param weight how strongly it counts
 */
public record Lora(Path file, LoraWeight weight) {}
