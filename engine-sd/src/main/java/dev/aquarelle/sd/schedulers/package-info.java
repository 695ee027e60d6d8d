/**
 * Noise schedules and samplers. Start at {@link dev.aquarelle.sd.schedulers.Schedulers}: it gives a
 * {@link dev.aquarelle.sd.schedulers.Scheduler}, an immutable configuration, whose {@code start} gives one run over the timesteps.
 * Tables and weights are computed in double and by StrictMath, so the same settings give the same bits on every machine.
 */
@NullMarked
package dev.aquarelle.sd.schedulers;

import org.jspecify.annotations.NullMarked;
