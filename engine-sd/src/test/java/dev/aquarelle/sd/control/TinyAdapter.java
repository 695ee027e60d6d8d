package dev.aquarelle.sd.control;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.FormulaWeights;
import java.util.Map;

/** T2I-Adapters of one residual block a level, by diffusers' names, of {@link FormulaWeights}. */
final class TinyAdapter {
    private final FormulaWeights tensors = new FormulaWeights(0, 0);

    private TinyAdapter() {}

    /** A full adapter, or one of SDXL. */
    static Map<String, Tensor> full(int unshuffled, int... channels) {
        TinyAdapter adapter = new TinyAdapter();
        adapter.tensors.conv("adapter.conv_in", unshuffled, channels[0], 3);
        for (int i = 0; i < channels.length; i++) {
            String block = "adapter.body." + i;
            if (i > 0 && channels[i - 1] != channels[i]) {
                adapter.tensors.conv(block + ".in_conv", channels[i - 1], channels[i], 1);
            }
            adapter.tensors.conv(block + ".resnets.0.block1", channels[i], channels[i], 3);
            adapter.tensors.conv(block + ".resnets.0.block2", channels[i], channels[i], 1);
        }
        return adapter.tensors.tensors();
    }

    /** A light adapter of two features. */
    static Map<String, Tensor> light(int unshuffled, int channels) {
        TinyAdapter adapter = new TinyAdapter();
        for (int i = 0; i < 2; i++) {
            String block = "adapter.body." + i;
            adapter.tensors.conv(block + ".in_conv", i == 0 ? unshuffled : channels, channels / 4, 1);
            adapter.tensors.conv(block + ".resnets.0.block1", channels / 4, channels / 4, 3);
            adapter.tensors.conv(block + ".resnets.0.block2", channels / 4, channels / 4, 3);
            adapter.tensors.conv(block + ".out_conv", channels / 4, channels, 1);
        }
        return adapter.tensors.tensors();
    }
}
