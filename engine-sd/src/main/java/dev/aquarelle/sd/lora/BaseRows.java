package dev.aquarelle.sd.lora;

import dev.aquarelle.core.tensor.Tensor;

/**
 * A layer's own weight, row by row as double.
 *
 * @param weight [out, ...] of any floating-point type
 */
record BaseRows(Tensor weight) {

    void read(int row, double[] into) {
        float[] floats = weight.slice(row, row + 1).toFloatArray();
        for (int i = 0; i < into.length; i++) {
            into[i] = floats[i];
        }
    }
}
