package dev.aquarelle.sd.nn;

/**
 * How a model's group norms are set up.
 *
 * @param groups {@code norm_num_groups}, usually 32
 * @param epsilon added to the variance: {@code norm_eps}, 1e-5 in the U-Net's residual blocks; 1e-6 in the autoencoder
 */
public record NormConfig(int groups, float epsilon) {}
