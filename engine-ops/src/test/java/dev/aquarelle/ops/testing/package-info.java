/**
 * What the tests of backends and models stand on: {@code BackendContract} for a backend, {@code assertThatTensor} and
 * {@code Tolerance} for everything that makes tensors, {@code RandomTensors} for numbers from fixed seeds.
 */
package dev.aquarelle.ops.testing;
