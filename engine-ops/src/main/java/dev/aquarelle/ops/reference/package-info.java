/** Every op as plain loops, written to be read: the oracle that the other backends are tested against. */
@NullMarked
package dev.aquarelle.ops.reference;

import org.jspecify.annotations.NullMarked;
