/** Dense blocks of numbers: what a tensor is. Start at {@code Tensor}: a shape, a type and some memory. */
@NullMarked
package dev.aquarelle.core.tensor;

import org.jspecify.annotations.NullMarked;
