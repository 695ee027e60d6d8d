/**
 * Proof that the engine computes what the reference implementation does: runs golden cases, compares within their tolerances, reports.
 * Start at {@link dev.aquarelle.cli.conformance.ConformanceRunner}; a group of cases is a
 * {@link dev.aquarelle.cli.conformance.GoldenGroup}, listed in {@link dev.aquarelle.cli.conformance.GoldenGroups}.
 */
@NullMarked
package dev.aquarelle.cli.conformance;

import org.jspecify.annotations.NullMarked;
