/** What the original implementation of latent diffusion calls its layers, for all who read files in its layout. */
@NullMarked
package dev.aquarelle.sd.ldm;

import org.jspecify.annotations.NullMarked;
