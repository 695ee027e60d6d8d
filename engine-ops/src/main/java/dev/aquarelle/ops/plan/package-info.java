/**
 * What backends share between a graph and its execution: which values depend on which inputs ({@link
 * dev.aquarelle.ops.plan.Dependencies}) and where each value lies in memory ({@link dev.aquarelle.ops.plan.SlabPlan}).
 */
@NullMarked
package dev.aquarelle.ops.plan;

import org.jspecify.annotations.NullMarked;
