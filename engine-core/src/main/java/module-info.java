/** Tensors, the memory they live in, weights files and random numbers: what the rest of the engine stands on. */
module dev.aquarelle.core {
    requires com.google.gson;
    requires static org.jspecify;
}
