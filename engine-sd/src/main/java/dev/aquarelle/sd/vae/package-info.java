/** The autoencoders between pictures [N, H, W, 3] and latents [N, H/8, W/8, 4]. Start at {@link Autoencoder}. */
@NullMarked
package dev.aquarelle.sd.vae;

import org.jspecify.annotations.NullMarked;
