/** Tensors, the memory they live in, weights files and random numbers: what the rest of the engine stands on. */
module dev.aquarelle.core {
    exports dev.aquarelle.core.memory;
    exports dev.aquarelle.core.random;
    exports dev.aquarelle.core.safetensors;
    exports dev.aquarelle.core.tensor;

    requires com.google.gson;
    requires static transitive org.jspecify;
}
