/** Graphs as stages of kernel launches, and what runs them. */
@NullMarked
package dev.aquarelle.gpu.plan;

import org.jspecify.annotations.NullMarked;
