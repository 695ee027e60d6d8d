/** Random numbers that agree with PyTorch's, bit for bit: the CPU generator and Philox. */
@NullMarked
package dev.aquarelle.core.random;

import org.jspecify.annotations.NullMarked;
