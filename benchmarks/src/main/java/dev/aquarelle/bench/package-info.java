/** JMH benchmarks of kernels and of whole steps. */
@NullMarked
package dev.aquarelle.bench;

import org.jspecify.annotations.NullMarked;
