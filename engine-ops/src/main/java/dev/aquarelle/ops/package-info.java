/** Backends and the programs they compile. Start at {@code Backend}: it turns a graph into a {@code Program}. */
@NullMarked
package dev.aquarelle.ops;

import org.jspecify.annotations.NullMarked;
