/** Noise schedules and samplers: an immutable configuration whose {@code start} gives one run over the timesteps. */
@NullMarked
package dev.aquarelle.sd.schedulers;

import org.jspecify.annotations.NullMarked;
