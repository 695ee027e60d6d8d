package dev.aquarelle.ops.reference;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.Activation;

/** {@link Activation}s in double. Of minus infinity, those that are x times a gate are NaN, as in PyTorch. */
final class Activations {
    private Activations() {}

    static Dense activate(Activation function, Dense x) {
        Dense result = Dense.of(x.shape);
        for (int i = 0; i < x.values.length; i++) {
            result.values[i] = (float) apply(function, x.values[i]);
        }
        return result;
    }

    static Dense geGlu(Dense x, Shape resultShape) {
        Dense result = Dense.of(resultShape);
        int width = resultShape.last();
        for (int i = 0; i < result.values.length; i++) {
            int value = i / width * 2 * width + i % width;
            result.values[i] = (float) (x.values[value] * apply(Activation.GELU, x.values[value + width]));
        }
        return result;
    }

    static double apply(Activation function, double x) {
        return switch (function) {
            case SILU -> x * sigmoid(x);
            case GELU -> x * NormalDistribution.cumulative(x);
            case GELU_TANH -> x / 2 * (1 + StrictMath.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case QUICK_GELU -> x * sigmoid(1.702 * x);
            case RELU -> Math.max(x, 0);
            case SIGMOID -> sigmoid(x);
            case TANH -> StrictMath.tanh(x);
        };
    }

    private static double sigmoid(double x) {
        return 1 / (1 + StrictMath.exp(-x));
    }
}
