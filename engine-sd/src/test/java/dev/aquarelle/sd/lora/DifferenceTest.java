package dev.aquarelle.sd.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.TinySource;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every kind of difference against the weights that LyCORIS 4.1.3 and PEFT 0.21.2 compute of the same numbers. */
class DifferenceTest {
    private static final TinySource MODEL = TinySource.of(Map.of(
            "unet",
            Map.of(
                    "linear.weight", TinyLora.numbers(1, 4, 6),
                    "conv.weight", TinyLora.numbers(2, 4, 2, 3, 3),
                    "conv.bias", TinyLora.numbers(5, 4))));

    @TempDir
    private Path folder;

    private Weights adapted(TinyLora lora, double weight) {
        Loras loras = new Loras(List.of(new Loras.Entry(lora.file(folder), LoraWeight.of(weight))));
        return loras.adapt(MODEL).weights("unet", Arena.ofAuto());
    }

    /**
     * The layer; the tensors, whose seeds count from 3 in this order, and the alpha; the weight; of the changed layer the first number, the middle
     * one, the last one, and the sum of number i times {@code (5 i mod 11) - 5}. By {@code W + weight (W' - W)}, where W' is what the module's
     * forward multiplies by in LyCORIS (whose {@code get_diff_weight} has the scale twice for LoHa and LoKr), and by
     * {@code set_scale} and {@code merge_and_unload} in PEFT. DoRA's lengths are the numbers' absolute values and 0.5.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "linear; lora_down.weight 2x6, lora_up.weight 4x2, alpha 1.0; 0.5; -0.0422363, 0.0879517, -0.4029541,"
                        + " -3.135742",
                "conv; lora_down.weight 2x2x3x3, lora_up.weight 4x2x1x1, alpha 1.0; 1.0; 0.4311523, -0.1512451,"
                        + " 0.0924072, 2.463013",
                "conv; lora_down.weight 3x2x1x1, lora_up.weight 4x3x1x1, lora_mid.weight 3x3x3x3, alpha 2.0; 0.7;"
                        + " 0.4430791, -0.1404470, 0.0715719, 2.871261",
                "linear; hada_w1_a 4x2, hada_w1_b 2x6, hada_w2_a 4x2, hada_w2_b 2x6, alpha 1.0; 0.6; -0.0139668,"
                        + " 0.0661400, -0.3884524, -3.159083",
                "conv; hada_w1_a 4x2, hada_w1_b 2x18, hada_w2_a 4x2, hada_w2_b 2x18, alpha 1.0; 1.0; 0.4388655,"
                        + " -0.1213734, 0.0641077, 2.852457",
                "conv; hada_w1_a 2x4, hada_w1_b 2x2, hada_w2_a 2x4, hada_w2_b 2x2, hada_t1 2x2x3x3, hada_t2 2x2x3x3,"
                        + " alpha 1.0; 1.0; 0.4375086, -0.1405445, 0.0625077, 3.068190",
                "linear; lokr_w1 2x2, lokr_w2 2x3, alpha 3.0; 0.8; -0.0351562, 0.0087891, -0.4890625, -4.279102",
                "conv; lokr_w1 1x1, lokr_w2_a 4x1, lokr_w2_b 1x18, alpha 0.5; 1.0; 0.4388351, -0.1396637, 0.0632629,"
                        + " 3.093430",
                "conv; lokr_w1 1x1, lokr_w2_a 1x4, lokr_w2_b 1x2, lokr_t2 1x1x3x3, alpha 0.5; 1.0; 0.4379590,"
                        + " -0.1402946, 0.0623063, 3.070248",
                "linear; lokr_w1 1x2, lokr_w2_a 4x1, lokr_w2_b 1x3, alpha 0.5; 1.0; -0.0142899, 0.0634613, -0.3927612,"
                        + " -3.226639",
                "linear; lora_down.weight 2x6, lora_up.weight 4x2, dora_scale 4x1, alpha 1.0; 1.0; -0.0630503,"
                        + " 0.1368402, -0.5515757, -3.431352",
                "conv; lora_down.weight 2x2x3x3, lora_up.weight 4x2x1x1, dora_scale 1x2x1x1, alpha 1.0; 0.5;"
                        + " 0.2867394, -0.0941627, 0.0508188, 1.717767",
                "conv; hada_w1_a 4x2, hada_w1_b 2x18, hada_w2_a 4x2, hada_w2_b 2x18, dora_scale 4x1x1x1, alpha 1.0;"
                        + " 1.0; 0.2174432, -0.0927842, 0.0456103, 2.239353",
                "linear; lora_A.weight 2x6, lora_B.weight 4x2; 0.5; -0.0688477, 0.1134033, -0.4152832, -3.115234",
                "linear; lora_magnitude_vector.weight 4, lora_A.weight 2x6, lora_B.weight 4x2; 0.5; -0.0528899,"
                        + " -0.0025739, -0.4967318, -4.220013",
                "conv; lora_magnitude_vector 1x4x1x1, lora_A.weight 2x2x3x3, lora_B.weight 4x2x1x1; 0.5; 0.1938767,"
                        + " -0.1571763, 0.0585805, 0.995305"
            })
    void agreesWithTheReference(String line) {
        String[] parts = line.split("; ", -1);
        boolean isPeft = parts[1].contains("lora_A");
        String place = (isPeft ? "base_model.model." : "lora_unet_") + parts[0] + ".";
        TinyLora lora = new TinyLora();
        int seed = 3;
        for (String tensor : parts[1].split(", ", -1)) {
            String[] nameAndShape = tensor.split(" ", -1);
            lora.add(place + nameAndShape[0], tensor(nameAndShape[0], nameAndShape[1], seed++));
        }

        float[] weight =
                TinyLora.whole(adapted(lora, Double.parseDouble(parts[2])).at(parts[0]));

        double sum = 0;
        for (int i = 0; i < weight.length; i++) {
            sum += (double) weight[i] * (i * 5 % 11 - 5);
        }
        double[] expected = Arrays.stream(parts[3].split(", ", -1))
                .mapToDouble(Double::parseDouble)
                .toArray();
        assertThat(new double[] {weight[0], weight[weight.length / 2], weight[weight.length - 1], sum})
                .containsExactly(expected, within(3e-6));
    }

    private static Tensor tensor(String name, String shape, int seed) {
        if (name.equals("alpha")) {
            return Tensor.of(new float[] {Float.parseFloat(shape)});
        }
        Tensor numbers = TinyLora.numbers(
                seed,
                Arrays.stream(shape.split("x", -1)).mapToInt(Integer::parseInt).toArray());
        if (name.startsWith("dora") || name.contains("magnitude")) {
            float[] lengths = numbers.toFloatArray();
            for (int i = 0; i < lengths.length; i++) {
                lengths[i] = Math.abs(lengths[i]) + 0.5f;
            }
            return Tensor.of(lengths, numbers.shape().dims());
        }
        return numbers;
    }

    @Test
    void fullDifferencesOfWeightAndBiasAreAdded() {
        Weights conv = adapted(
                        new TinyLora().add("lora_unet_conv.diff", 3, 4, 2, 3, 3).add("lora_unet_conv.diff_b", 4, 4),
                        0.5)
                .at("conv");

        assertThat(conv.get("weight").getFloat(71))
                .isEqualTo(TinyLora.numbers(2, 72).getFloat(71)
                        + 0.5f * TinyLora.numbers(3, 72).getFloat(71));
        assertThat(conv.get("bias").getFloat(3))
                .isEqualTo(TinyLora.numbers(5, 4).getFloat(3)
                        + 0.5f * TinyLora.numbers(4, 4).getFloat(3));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "lora_unet_linear.lora_down.weight 2x5, lora_unet_linear.lora_up.weight 4x2|"
                        + "lora_unet_linear.lora_down.weight: expected [2, 6], found [2, 5] in",
                "lora_unet_linear.lora_down.weight 2x6, lora_unet_linear.lora_up.weight 4x3|"
                        + "lora_unet_linear.lora_up.weight: expected [4, 2], found [4, 3] in",
                "lora_unet_conv.lora_down.weight 2x2x1x1, lora_unet_conv.lora_up.weight 4x2|"
                        + "lora_unet_conv.lora_down.weight: expected [2, 2, 3, 3], found [2, 2, 1, 1] in",
                "lora_unet_linear.lora_down.weight 0x6, lora_unet_linear.lora_up.weight 4x0|"
                        + "lora_unet_linear.lora_down.weight: expected a rank of at least 1, found [0, 6] in",
                "lora_unet_linear.lora_down.weight 2x6|lora_unet_linear.lora_down.weight: expected a tensor"
                        + " ....lora_up.weight beside it, found none in",
                "lora_unet_linear.lora_down.weight 2x6, lora_unet_linear.lora_up.weight 4x2, lora_unet_linear.alpha 2|"
                        + "lora_unet_linear.alpha: expected one number, found [2] in",
                "lora_unet_linear.hada_w1_a 4x2, lora_unet_linear.lora_up.weight 4x2|"
                        + "lora_unet_linear.hada_w1_a: expected one kind of difference, found another beside it in",
                "lora_unet_linear.lokr_w1 3x2, lora_unet_linear.lokr_w2 2x3|"
                        + "lora_unet_linear.lokr_w1: expected divisors of 4 and 6, found [3, 2] in",
                "lora_unet_linear.lokr_w1 2x2, lora_unet_linear.lokr_w2 2x2|"
                        + "lora_unet_linear.lokr_w2: expected [2, 3], found [2, 2] in",
                "lora_unet_linear.diff 4x7|lora_unet_linear.diff: expected [4, 6], found [4, 7] in",
                "lora_unet_conv.diff_b 5|lora_unet_conv.diff_b: expected [4], found [5] in",
                "lora_unet_linear.lora_A.weight 2x6, lora_unet_linear.lora_down.weight 2x6|expected one tensor of its"
                        + " kind, found"
            })
    void damageIsOneSentence(String tensorsAndMessage) {
        String[] parts = tensorsAndMessage.split("\\|", -1);
        TinyLora lora = new TinyLora();
        for (String tensor : parts[0].split(", ", -1)) {
            String[] nameAndShape = tensor.split(" ", -1);
            lora.add(
                    nameAndShape[0],
                    3,
                    Arrays.stream(nameAndShape[1].split("x", -1))
                            .mapToInt(Integer::parseInt)
                            .toArray());
        }

        assertThatThrownBy(() -> adapted(lora, 1))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageContaining(parts[1])
                .hasMessageContaining("lora.safetensors");
    }
}
