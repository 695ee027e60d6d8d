/** The denoiser. Start at {@link UNet2DConditionModel}; tensors are [N, H, W, C] between blocks, seen as [N, L, C] inside attention. */
@NullMarked
package dev.aquarelle.sd.unet;

import org.jspecify.annotations.NullMarked;
