/** Networks that make a picture larger and sharper (ESRGAN and its heirs). Start at {@link Upscaler}. */
@NullMarked
package dev.aquarelle.sd.upscale;

import org.jspecify.annotations.NullMarked;
