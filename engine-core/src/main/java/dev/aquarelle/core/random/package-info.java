/** Noise by seed as other engines draw it, the same on every machine. Start at {@link dev.aquarelle.core.random.Generator}. */
@NullMarked
package dev.aquarelle.core.random;

import org.jspecify.annotations.NullMarked;
