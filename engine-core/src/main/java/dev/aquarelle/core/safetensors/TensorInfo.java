package dev.aquarelle.core.safetensors;

import dev.aquarelle.core.tensor.Shape;

/**
 * What a file's header says of a tensor.
 *
 * @param dtype the type's name in the file, which may be one that the engine cannot read
 * @param bytes that its numbers take
 */
public record TensorInfo(String dtype, Shape shape, long bytes) {}
