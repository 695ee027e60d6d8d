/** Tools on model files: inspect, convert, synthesise, compare. */
@NullMarked
package dev.aquarelle.weights;

import org.jspecify.annotations.NullMarked;
