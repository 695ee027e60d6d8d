package dev.aquarelle.sd.lora;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a tensor of a LoRA file is to its layer, told by the end of its name. */
enum Role {
    /** [rank, in] or [rank, in, k, k]. */
    DOWN(
            ".lora_down.weight",
            ".lora_A.weight",
            ".lora.down.weight",
            ".lora_linear_layer.down.weight",
            "_lora.down.weight"),
    /** [out, rank] or [out, rank, 1, 1]. */
    UP(".lora_up.weight", ".lora_B.weight", ".lora.up.weight", ".lora_linear_layer.up.weight", "_lora.up.weight"),
    /** The core of a Tucker decomposition [rank, rank, k, k], between a pointwise down and up. */
    MID(".lora_mid.weight"),
    /** A number: the difference counts {@code alpha / rank} times. */
    ALPHA(".alpha", "_lora.alpha"),
    /** DoRA's lengths of the weight's rows [out, 1 ...] or of its columns [1, in, 1 ...], as LyCORIS and kohya write them. */
    DORA_SCALE(".dora_scale"),
    /** DoRA's lengths of the weight's rows, [out] or [1, out, 1, 1], as PEFT writes them. */
    MAGNITUDE(".lora_magnitude_vector", ".lora_magnitude_vector.weight"),
    HADA_W1_A(".hada_w1_a"),
    HADA_W1_B(".hada_w1_b"),
    HADA_W2_A(".hada_w2_a"),
    HADA_W2_B(".hada_w2_b"),
    HADA_T1(".hada_t1"),
    HADA_T2(".hada_t2"),
    LOKR_W1(".lokr_w1"),
    LOKR_W1_A(".lokr_w1_a"),
    LOKR_W1_B(".lokr_w1_b"),
    LOKR_W2(".lokr_w2"),
    LOKR_W2_A(".lokr_w2_a"),
    LOKR_W2_B(".lokr_w2_b"),
    LOKR_T2(".lokr_t2"),
    /** A full difference of the layer's weight, of its shape. */
    DIFF(".diff", ".w_norm"),
    /** A full difference of the layer's bias. */
    DIFF_B(".diff_b", ".b_norm");

    @SuppressWarnings("ImmutableEnumChecker") // made by List.of
    private final List<String> suffixes;

    Role(String... suffixes) {
        this.suffixes = List.of(suffixes);
    }

    /**
     * A tensor's name taken apart.
     *
     * @param module the layer's name as the file has it
     * @param role what the tensor is to it
     */
    record Named(String module, Role role) {}

    /** Takes a name apart; null if it ends like none of them. */
    static @Nullable Named of(String tensor) {
        String name = withoutAdapter(tensor);
        Named longest = null; // the shortest module: "x_lora.alpha" is the alpha of x, not of x_lora
        for (Role role : values()) {
            for (String suffix : role.suffixes) {
                int length = name.length() - suffix.length();
                if (name.endsWith(suffix)
                        && length > 0
                        && (longest == null || length < longest.module().length())) {
                    longest = new Named(name.substring(0, length), role);
                }
            }
        }
        return longest;
    }

    /** PEFT's names within a model have the adapter's in them: {@code to_q.lora_A.default.weight}. */
    private static String withoutAdapter(String tensor) {
        for (String part : List.of(".lora_A.", ".lora_B.", ".lora_magnitude_vector.")) {
            int at = tensor.lastIndexOf(part);
            if (at > 0) {
                String[] rest = tensor.substring(at + part.length()).split("\\.", -1);
                if (rest.length == 2 && rest[1].equals("weight")) {
                    return tensor.substring(0, at + part.length()) + "weight";
                }
            }
        }
        return tensor;
    }

    /** Whether a module of such tensors says how to change a weight: others only say how much, or what else. */
    boolean isDifference() {
        return !List.of(ALPHA, DORA_SCALE, MAGNITUDE, DIFF_B).contains(this);
    }

    /** The usual end of such a name. */
    String suffix() {
        return suffixes.getFirst();
    }
}
