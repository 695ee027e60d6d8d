/** The way from a request to a picture: encode the prompt, denoise step by step, decode. */
@NullMarked
package dev.aquarelle.sd.pipeline;

import org.jspecify.annotations.NullMarked;
