package dev.aquarelle.core.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.tensor.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Weights seen under other names, or with other tensors among them. */
class WeightsViewTest {
    private static final Tensor ONE = Tensor.of(new float[] {1}, 1);
    private static final Tensor TWO = Tensor.of(new float[] {2}, 1);
    private static final Weights WEIGHTS = Weights.of("model", Map.of("unet.a", ONE, "unet.b", TWO));

    @Test
    void moreTensorsStandBesideAndInPlaceOfOthers() {
        Weights unet = WEIGHTS.at("unet").with("more", Map.of("b", ONE, "c", TWO));

        assertThat(unet.names()).containsExactlyInAnyOrder("a", "b", "c");
        assertThat(unet.get("b")).isSameAs(ONE);
        assertThat(unet.path("c")).isEqualTo("unet.c");
        assertThat(WEIGHTS.get("unet.b")).isSameAs(TWO);
        assertThatThrownBy(() -> unet.get("c", 3)).hasMessage("unet.c: expected [3], found [1] in more");
    }

    @Test
    void otherNames() {
        Weights renamed = WEIGHTS.at("unet").renamed(Map.of("x.weight", "b"));

        assertThat(renamed.names()).containsExactly("x.weight");
        assertThat(renamed.at("x").get("weight", 1)).isSameAs(TWO);
        assertThatThrownBy(() -> WEIGHTS.renamed(Map.of("x", "nowhere"))).hasMessage("nowhere: missing in model");
    }
}
