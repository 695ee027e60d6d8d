/** The text encoder and its tokenizer: a prompt becomes token numbers, these become hidden states [N, 77, width]. */
@NullMarked
package dev.aquarelle.sd.clip;

import org.jspecify.annotations.NullMarked;
