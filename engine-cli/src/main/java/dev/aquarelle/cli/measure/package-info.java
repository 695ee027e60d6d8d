/**
 * What a model takes on this machine, in time and memory: {@link dev.aquarelle.cli.measure.BenchCommand} measures its parts,
 * {@link dev.aquarelle.cli.measure.ProfileCommand} takes one picture's time apart.
 */
@NullMarked
package dev.aquarelle.cli.measure;

import org.jspecify.annotations.NullMarked;
