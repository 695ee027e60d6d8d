/** Stable Diffusion as a library. Start at {@code StableDiffusion}: load a model's folder, ask for a picture. */
@NullMarked
package dev.aquarelle.sd;

import org.jspecify.annotations.NullMarked;
