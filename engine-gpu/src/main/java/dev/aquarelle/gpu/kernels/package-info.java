/**
 * The kernels: plain static methods over TornadoVM's arrays, one for each shape of work. All take the same five arguments, so that a plan
 * can hold any of them: the place of the work item, whole numbers that describe the operation, the weights of 32 and of 16
 * bits, and the values.
 */
@NullMarked
package dev.aquarelle.gpu.kernels;

import org.jspecify.annotations.NullMarked;
