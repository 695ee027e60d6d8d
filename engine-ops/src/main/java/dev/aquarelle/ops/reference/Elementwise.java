package dev.aquarelle.ops.reference;

import dev.aquarelle.ops.graph.MapOp;

/** Sums and products element by element. */
final class Elementwise {
    private Elementwise() {}

    static Dense add(Dense a, Dense b) {
        Dense result = Dense.of(a.shape);
        for (int i = 0; i < a.values.length; i++) {
            result.values[i] = a.values[i] + b.values[i % b.values.length];
        }
        return result;
    }

    static Dense multiply(Dense a, Dense b) {
        Dense result = Dense.of(a.shape);
        for (int i = 0; i < a.values.length; i++) {
            result.values[i] = a.values[i] * b.values[i % b.values.length];
        }
        return result;
    }

    static Dense addPerChannel(Dense x, Dense vectors) {
        Dense result = Dense.of(x.shape);
        int channels = x.shape.last();
        int sample = x.stride(0);
        for (int i = 0; i < x.values.length; i++) {
            result.values[i] = x.values[i] + vectors.values[i / sample * channels + i % channels];
        }
        return result;
    }

    /** Rounded once: by way of double it would be twice. */
    static Dense scale(MapOp.Scale op, Dense x) {
        Dense result = Dense.of(x.shape);
        for (int i = 0; i < x.values.length; i++) {
            result.values[i] = Math.fma(x.values[i], op.factor(), op.offset());
        }
        return result;
    }
}
