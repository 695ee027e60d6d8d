/**
 * JMH benchmarks of the kernels at the shapes of Stable Diffusion 1.5. Start at {@link dev.aquarelle.bench.KernelBenchmarks}, the command;
 * {@link dev.aquarelle.bench.Kernels} takes the shapes from the model's graphs.
 */
@NullMarked
package dev.aquarelle.bench;

import org.jspecify.annotations.NullMarked;
