/** The denoiser; tensors are [N, H, W, C] between blocks, seen as [N, L, C] inside attention. */
@NullMarked
package dev.aquarelle.sd.unet;

import org.jspecify.annotations.NullMarked;
