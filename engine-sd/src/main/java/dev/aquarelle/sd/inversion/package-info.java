/**
 * Textual inversion (Gal et al., arXiv:2208.01618): words that a text encoder was taught by a few vectors. Start at
 * {@link dev.aquarelle.sd.inversion.Embeddings}: files laid over a model's tokenizers and text encoders.
 */
@NullMarked
package dev.aquarelle.sd.inversion;

import org.jspecify.annotations.NullMarked;
