/** From a prompt to token ids. Start at {@link ClipTokenizer}; {@link PromptEncoder} cuts and pads to what a text encoder takes. */
@NullMarked
package dev.aquarelle.sd.prompt;

import org.jspecify.annotations.NullMarked;
