package dev.aquarelle.sd.unet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UNetConfigTest {

    private static UNetConfig parse(String fields) {
        return UNetConfig.of(ModelConfig.parse("unet/config.json", "{" + fields + "}"));
    }

    @Test
    void anEmptyConfigIsThatOfTheFirstRelease() {
        UNetConfig config = parse("");

        assertThat(config.downBlocks()).extracting(UNetConfig.Block::channels).containsExactly(320, 640, 1280, 1280);
        assertThat(config.downBlocks())
                .extracting(UNetConfig.Block::crossAttention)
                .containsExactly(true, true, true, false);
        assertThat(config.downBlocks()).extracting(UNetConfig.Block::layers).containsOnly(2);
        assertThat(config.upBlocks()).extracting(UNetConfig.Block::channels).containsExactly(1280, 1280, 640, 320);
        assertThat(config.upBlocks())
                .extracting(UNetConfig.Block::crossAttention)
                .containsExactly(false, true, true, true);
        assertThat(config.upBlocks()).extracting(UNetConfig.Block::layers).containsOnly(3);
        assertThat(config.timeEmbedDim()).isEqualTo(1280);
        assertThat(config.textTime()).isNull();
    }

    @ParameterizedTest(name = "{0}, {1}: {2}")
    @CsvSource(
            delimiter = ';',
            value = {
                "0.6.0;      32;       64",
                "0.8.1.dev0; 16;       64",
                "0.8.1;      96;       96",
                "0.8.1;      [32, 32]; 32", // a list was written on purpose
                "0.9.0;      32;       32",
                "0.30.1;     32;       32",
                "1.0;        32;       32",
                ";           32;       32",
            })
    void aSmallSampleSizeInAnOldFileIsNotBelieved(String version, String sampleSize, int expected) {
        String written = version == null ? "" : "\"_diffusers_version\": \"%s\", ".formatted(version);

        UNetConfig config = parse(written + "\"sample_size\": " + sampleSize);

        assertThat(config.sampleHeight()).isEqualTo(expected);
        assertThat(config.sampleWidth()).isEqualTo(expected);
    }

    @Test
    void attentionHeadDimCountsHeads() {
        assertThat(parse("\"attention_head_dim\": 8").downBlocks())
                .extracting(UNetConfig.Block::heads)
                .containsOnly(8);
        assertThat(parse("\"attention_head_dim\": [5, 10, 20, 20]").upBlocks())
                .extracting(UNetConfig.Block::heads)
                .containsExactly(20, 20, 10, 5);
        assertThatThrownBy(() -> parse("\"attention_head_dim\": 7"))
                .hasMessage("unet/config.json: attention_head_dim: expected a number of heads (despite its name)"
                        + " that divides 320 channels, found 7");
        assertThatThrownBy(() -> parse("\"num_attention_heads\": 8"))
                .hasMessage("unet/config.json: num_attention_heads is not supported; files of this kind count heads in"
                        + " attention_head_dim");
    }

    @Test
    void sdxlHasDeeperTransformersAndAFurtherCondition() {
        UNetConfig config = parse("""
            "block_out_channels": [320, 640, 1280], "transformer_layers_per_block": [1, 2, 10], "attention_head_dim": [5, 10, 20],
            "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
            "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"], "cross_attention_dim": 2048,
            "addition_embed_type": "text_time", "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816
            """);

        assertThat(config.upBlocks())
                .extracting(UNetConfig.Block::transformerLayers)
                .containsExactly(10, 2, 1);
        assertThat(config.crossAttentionDim()).isEqualTo(2048);
        assertThat(config.textTime()).isEqualTo(new UNetConfig.TextTime(256, 2816));
    }

    @Test
    void theWayUpMayHaveItsOwnTransformerDepths() {
        UNetConfig config = parse(
                "\"transformer_layers_per_block\": [1, 2, 3, 4], \"reverse_transformer_layers_per_block\": [5, 6, 7,"
                        + " 8]");

        assertThat(config.downBlocks())
                .extracting(UNetConfig.Block::transformerLayers)
                .isEqualTo(List.of(1, 2, 3, 4));
        assertThat(config.upBlocks())
                .extracting(UNetConfig.Block::transformerLayers)
                .isEqualTo(List.of(5, 6, 7, 8));
    }

    @Test
    void theMiddleIsAsTheInnermostBlockUnlessThereIsNone() {
        UNetConfig.Block middle = parse("\"only_cross_attention\": true").midBlock();
        assertThat(middle).isEqualTo(new UNetConfig.Block(1280, 2, true, 1, 8, 1280, false));
        assertThat(parse("\"mid_block_type\": null").midBlock()).isNull();
        assertThat(parse("\"mid_block_only_cross_attention\": true").midBlock()).isEqualTo(middle);
    }

    @Test
    void attentionToTheTextAloneIsForAllBlocksOrForEach() {
        assertThat(parse("\"only_cross_attention\": true").upBlocks())
                .extracting(UNetConfig.Block::onlyCrossAttention)
                .containsOnly(true);
        UNetConfig config = parse("\"only_cross_attention\": [true, true, false, false]");
        assertThat(config.downBlocks())
                .extracting(UNetConfig.Block::onlyCrossAttention)
                .containsExactly(true, true, false, false);
        assertThat(config.upBlocks())
                .extracting(UNetConfig.Block::onlyCrossAttention)
                .containsExactly(false, false, true, true);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        _class_name                    | "UNet3DConditionModel"
        mid_block_type                 | "UNetMidBlock2DSimpleCrossAttn"
        act_fn                         | "gelu"
        class_embed_type               | "timestep"
        num_class_embeds               | 1000
        class_embeddings_concat        | true
        encoder_hid_dim                | 1024
        encoder_hid_dim_type           | "text_proj"
        addition_embed_type            | "image"
        time_embedding_type            | "fourier"
        time_embedding_act_fn          | "silu"
        timestep_post_act              | "silu"
        resnet_time_scale_shift        | "scale_shift"
        resnet_skip_time_act           | true
        resnet_out_scale_factor        | 1.5
        mid_block_scale_factor         | 0.5
        downsample_padding             | 0
        conv_in_kernel                 | 4
        conv_out_kernel                | 2
        attention_type                 | "gated"
        dual_cross_attention           | true
        cross_attention_norm           | "group_norm"
        """)
    void refusesWhatItDoesNotDoByName(String field, String value) {
        assertThatThrownBy(() -> parse("\"%s\": %s".formatted(field, value)))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("unet/config.json: %s %s is not supported".formatted(field, value));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        "block_out_channels": []                                  | block_out_channels: expected at least one level, found []
        "block_out_channels": [320, 0, 640, 640]                  | block_out_channels: expected an integer from 1 to 65536, found 0
        "layers_per_block": [2, 2]                                | layers_per_block: expected one integer, or a list of 4, found [2,2]
        "only_cross_attention": [true]                            | only_cross_attention: expected true or false, or a list of 4 of them, found [true]
        "only_cross_attention": [true, 0, true, true]             | only_cross_attention: expected true or false, found 0
        "norm_num_groups": 48                                     | norm_num_groups: expected a divisor of 320 channels, found 48
        "norm_eps": 0                                             | norm_eps: expected a number above 0 and below 1, found 0
        "down_block_types": ["DownBlock2D"]                       | down_block_types: expected 4 blocks, as block_out_channels has levels, found ["DownBlock2D"]
        "up_block_types": ["UpBlock2D", "AttnUpBlock2D", "UpBlock2D", "UpBlock2D"] | up_block_types 'AttnUpBlock2D' is not supported
        "cross_attention_dim": [768, 768, 768, 1024]              | cross_attention_dim with different widths is not supported
        "addition_embed_type": "text_time"                        | addition_time_embed_dim: expected a size, since addition_embed_type is 'text_time', found nothing
        "in_channels": 1e9                                        | in_channels: expected an integer from 1 to 65536, found 1e9
        """)
    void saysWhichFieldIsBroken(String fields, String message) {
        assertThatThrownBy(() -> parse(fields))
                .isInstanceOf(ModelException.class)
                .hasMessage("unet/config.json: " + message);
    }
}
