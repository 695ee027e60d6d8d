/**
 * CLIP's two encoders. Start at {@link ClipTextModel}: token ids [N, 77] become hidden states [N, 77, width]; pictures that are prompts go
 * through {@link ClipVisionModel}.
 */
@NullMarked
package dev.aquarelle.sd.clip;

import org.jspecify.annotations.NullMarked;
