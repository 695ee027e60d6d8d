/**
 * Tools on model files. {@code Inspection} tells what is in one, {@code Conversion} changes the type of its numbers, {@code Comparison} tells how two
 * differ, {@code SyntheticModel} makes a model of full size without training one.
 */
@NullMarked
package dev.aquarelle.weights;

import org.jspecify.annotations.NullMarked;
