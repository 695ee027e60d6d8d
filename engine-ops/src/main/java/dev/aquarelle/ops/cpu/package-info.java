/** The CPU backend on the Vector API: kernels, workers and the memory planner. */
@NullMarked
package dev.aquarelle.ops.cpu;

import org.jspecify.annotations.NullMarked;
