package dev.aquarelle.core.random;

import dev.aquarelle.core.tensor.Tensor;

/**
 * A source of normally distributed noise. Which numbers come depends on the seed and on the calls made before, not on the machine.
 * Not safe for use from several threads at once.
 */
public interface Generator {

    /**
     * Normal numbers with mean 0 and variance 1, as a new F32 tensor on the heap, in row-major order of {@code dims}: ask for a latent
     * as {@code [N, C, H, W]} to get the numbers other engines get.
     */
    Tensor randn(int... dims);
}
