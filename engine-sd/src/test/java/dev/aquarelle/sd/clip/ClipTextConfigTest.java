package dev.aquarelle.sd.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClipTextConfigTest {

    @Test
    void readsStableDiffusion1() {
        ClipTextConfig config = of("""
            {"architectures": ["CLIPTextModel"], "vocab_size": 49408, "hidden_size": 768, "intermediate_size": 3072,
             "num_hidden_layers": 12, "num_attention_heads": 12, "max_position_embeddings": 77, "hidden_act": "quick_gelu",
             "layer_norm_eps": 1e-05, "eos_token_id": 2, "projection_dim": 768, "model_type": "clip_text_model"}
            """);

        assertThat(config)
                .isEqualTo(
                        new ClipTextConfig(49408, 768, 3072, 12, 12, 77, Activation.QUICK_GELU, 1e-5f, 2, 768, false));
    }

    @Test
    void readsTheSecondEncoderOfSdxl() {
        ClipTextConfig config = of("""
            {"architectures": ["CLIPTextModelWithProjection"], "hidden_size": 1280, "intermediate_size": 5120,
             "num_hidden_layers": 32, "num_attention_heads": 20, "hidden_act": "gelu", "projection_dim": 1280}
            """);

        assertThat(config.withProjection()).isTrue();
        assertThat(config.hiddenAct()).isEqualTo(Activation.GELU);
        assertThat(config.vocabSize()).isEqualTo(49408); // transformers' defaults for what is absent
        assertThat(config.maxPositionEmbeddings()).isEqualTo(77);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gelu_new", "gelu_pytorch_tanh", "gelu_fast"}) // transformers writes one formula three ways
    void theApproximationOfGeluHasSeveralNames(String name) {
        assertThat(of("{\"hidden_act\": \"%s\"}".formatted(name)).hiddenAct()).isEqualTo(Activation.GELU_TANH);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"architectures\": [\"T5EncoderModel\"]} | architectures: expected CLIPTextModel or"
                        + " CLIPTextModelWithProjection, found [\"T5EncoderModel\"]",
                "{\"model_type\": \"xlm-roberta\"} | model_type: expected CLIPTextModel or"
                        + " CLIPTextModelWithProjection, found \"xlm-roberta\"",
                "{\"hidden_act\": \"relu\"} | hidden_act: expected quick_gelu, gelu or gelu_new, found \"relu\"",
                "{\"hidden_size\": 100, \"num_attention_heads\": 12} | num_attention_heads: expected a divisor of"
                        + " hidden_size 100, found 12",
                "{\"hidden_size\": 0} | hidden_size: expected an integer from 1 to 65536, found 0",
                "{\"hidden_size\": 2147483647} | hidden_size: expected an integer from 1 to 65536, found 2147483647",
                "{\"num_hidden_layers\": 1000000000} | num_hidden_layers: expected an integer from 1 to 1024, found"
                        + " 1000000000",
                "{\"vocab_size\": \"many\"} | vocab_size: expected an integer from 1 to 16777216, found \"many\"",
                "{\"layer_norm_eps\": 0} | layer_norm_eps: expected a number between 0 and 1, found 0"
            })
    void refusesWhatDoesNotFit(String json, String message) {
        assertThatThrownBy(() -> of(json))
                .isInstanceOf(ModelException.class)
                .hasMessage("text_encoder/config.json: " + message);
    }

    @ParameterizedTest
    @CsvSource({
        "2, 3", // the historical error: the first of the largest ids
        "49407, 3",
        "320, 1",
        "7, 0" // not there
    })
    void poolsAtTheFirstEnd(int eosTokenId, int position) {
        ClipTextConfig config = of("{\"eos_token_id\": %d}".formatted(eosTokenId));
        assertThat(config.pooledPosition(new int[] {49406, 320, 2368, 49407, 49407, 49407}))
                .isEqualTo(position);
    }

    private static ClipTextConfig of(String json) {
        return ClipTextConfig.of(ModelConfig.parse("text_encoder/config.json", json));
    }
}
