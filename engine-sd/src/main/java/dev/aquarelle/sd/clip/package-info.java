/** The text encoder. Start at {@link ClipTextModel}: token ids [N, 77] become hidden states [N, 77, width]. */
@NullMarked
package dev.aquarelle.sd.clip;

import org.jspecify.annotations.NullMarked;
