package dev.aquarelle.ops.graph;

/**
 * A function of one number, applied to each element. NaN gives NaN; of minus infinity, the functions that are x times a gate give NaN
 * as well, as in PyTorch.
 */
public enum Activation {
    /** {@code x * sigmoid(x)}, also called swish. */
    SILU,
    /** {@code x/2 * (1 + erf(x / sqrt 2))}, the exact GELU of Hendrycks and Gimpel (arXiv:1606.08415). */
    GELU,
    /** {@code x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))}, the approximation given in the same paper. */
    GELU_TANH,
    /** {@code x * sigmoid(1.702 x)}, the approximation that OpenAI's CLIP was trained with. */
    QUICK_GELU,
    /** {@code max(x, 0)}. */
    RELU,
    /** {@code 1 / (1 + exp(-x))}. */
    SIGMOID,
    /** The hyperbolic tangent. */
    TANH
}
