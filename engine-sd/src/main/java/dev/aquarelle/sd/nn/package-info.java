/** Layers shared by all models: small records of their weights whose {@code forward} adds ops to a graph. */
@NullMarked
package dev.aquarelle.sd.nn;

import org.jspecify.annotations.NullMarked;
