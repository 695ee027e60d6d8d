package dev.aquarelle.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The numbers expected of tensors come from the reference implementation of the recipe (golden group 13, {@code tensors.json}), those of names and
 * shapes from diffusers 0.42.1 and transformers 5.24.0: {@code named_parameters()} of the classes, made of the configurations on the device
 * {@code meta}.
 */
class SyntheticModelTest {
    private static final Map<String, Map<String, Shape>> SD15 = SyntheticModel.SD15.tensors();

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "SD15, text_encoder, 196, 123060480, 1124858010",
        "SD15, unet, 686, 859520964, 1237089903",
        "SD15, vae, 248, 83653863, 1590533769",
        "SD2, text_encoder, 372, 340387840, 1923996307",
        "SD2, unet, 686, 865910724, 3251707876",
        "SD2, vae, 248, 83653863, 1590533769",
        "SDXL, text_encoder, 196, 123060480, 1124858010",
        "SDXL, text_encoder_2, 517, 694659840, 4019909872",
        "SDXL, unet, 1680, 2567463684, 2029812119",
        "SDXL, vae, 248, 83653863, 1590533769",
        "SDXL_REFINER, text_encoder_2, 517, 694659840, 4019909872",
        "SDXL_REFINER, unet, 1220, 2259526660, 880207471",
        "SDXL_REFINER, vae, 248, 83653863, 1590533769"
    })
    void namesAndShapesAreThoseOfThePublishedModels(
            SyntheticModel model, String part, int count, long parameters, long crc) {
        Map<String, Shape> tensors = model.tensors().get(part);
        String listing = tensors.entrySet().stream()
                .map(e -> e.getKey() + " " + e.getValue())
                .sorted()
                .collect(Collectors.joining("\n"));

        assertThat(tensors).hasSize(count);
        assertThat(tensors.values().stream().mapToLong(Shape::size).sum()).isEqualTo(parameters);
        assertThat(crc(listing.getBytes(StandardCharsets.UTF_8))).isEqualTo(crc);
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource({
        "unet, conv_in.weight, 254587497, 0.0411376953125, 0.2213134765625",
        "unet, conv_norm_out.weight, 1403858957, 0.94677734375, 1.017578125",
        "unet, down_blocks.1.resnets.0.conv_shortcut.bias, 51900839, 0.003238677978515625, 0.047943115234375",
        "unet, mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight, 3263212747, -0.0275115966796875,"
                + " 0.01538848876953125",
        "unet, up_blocks.3.attentions.2.transformer_blocks.0.attn1.to_out.0.weight, 155048458, 0.03192138671875,"
                + " 0.007587432861328125",
        "vae, decoder.mid_block.attentions.0.to_q.weight, 2257069169, 0.040374755859375, 0.0860595703125",
        "vae, quant_conv.weight, 3400817280, 0.040283203125, -0.49365234375",
        "text_encoder, text_model.embeddings.token_embedding.weight, 859339964, -0.81201171875, -0.32080078125",
        "text_encoder, text_model.embeddings.position_embedding.weight, 2093210786, 0.1318359375, 0.0889892578125",
        "text_encoder, text_model.encoder.layers.11.self_attn.q_proj.weight, 3067752690, -0.01424407958984375,"
                + " -0.07666015625",
        "text_encoder, text_model.final_layer_norm.weight, 1949664290, 1.029296875, 1.02734375"
    })
    void numbersAreThoseOfTheRecipe(String part, String name, long crc, float first, float second) {
        try (Arena arena = Arena.ofShared()) {
            Tensor tensor = SyntheticModel.tensor(name, SD15.get(part).get(name), arena);

            assertThat(tensor.dtype()).isEqualTo(DType.F16);
            assertThat(tensor.getFloat(0)).isEqualTo(first);
            assertThat(tensor.getFloat(1)).isEqualTo(second);
            assertThat(crc(tensor.data().toArray(ValueLayout.JAVA_BYTE))).isEqualTo(crc);
        }
    }

    @Test
    void theSizeIsKnownBeforehand() {
        assertThat(SyntheticModel.SD15.bytes()).isEqualTo(2 * (123060480L + 83653863L + 859520964L));
    }

    @ParameterizedTest
    @EnumSource
    void aModelWithoutItsWeightsIsWhatTheIndexNames(SyntheticModel model) throws IOException {
        Path written = folder.resolve("model");

        model.writeSettings(written, tokenizer());

        JsonObject index = json(written.resolve("model_index.json"));
        assertThat(index.entrySet().stream().filter(e -> isPart(e.getValue())).map(Map.Entry::getKey))
                .isSubsetOf(names(written))
                .hasSize(names(written).size() - 1); // and the index itself
        assertThat(json(written.resolve("scheduler/scheduler_config.json"))
                        .get("_class_name")
                        .getAsString())
                .isEqualTo(index.getAsJsonArray("scheduler").get(1).getAsString());
        for (String part : model.tensors().keySet()) {
            assertThat(written.resolve(part).resolve("config.json")).isRegularFile();
        }
    }

    private Path tokenizer() throws IOException {
        Path tokenizer = Files.createDirectory(folder.resolve("given"));
        Files.writeString(tokenizer.resolve("vocab.json"), "{}");
        Files.writeString(tokenizer.resolve("merges.txt"), "#version: 0.2");
        for (String file : Tokenizers.SPECIAL_TOKENS) {
            Files.writeString(tokenizer.resolve(file), "{\"pad_token\": \"given\"}");
        }
        return tokenizer;
    }

    private static boolean isPart(JsonElement value) {
        return value.isJsonArray() && !value.getAsJsonArray().get(1).isJsonNull();
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static JsonObject json(Path file) throws IOException {
        return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "SD15, tokenizer, given",
        "SD2, tokenizer, !",
        "SDXL, tokenizer, <|endoftext|>",
        "SDXL, tokenizer_2, !",
        "SDXL_REFINER, tokenizer_2, !"
    })
    void tokenizersPadAsTheirModelsDo(SyntheticModel model, String name, String padding) throws IOException {
        model.writeSettings(folder.resolve("model"), tokenizer());

        Path written = folder.resolve("model").resolve(name);
        for (String file : Tokenizers.SPECIAL_TOKENS) {
            assertThat(json(written.resolve(file)).get("pad_token").getAsString())
                    .isEqualTo(padding);
        }
        assertThat(written.resolve("merges.txt")).hasContent("#version: 0.2");
    }

    @Test
    void aFolderWithFilesIsLeftAlone() throws IOException {
        Path notes = Files.writeString(folder.resolve("notes.txt"), "mine");

        assertThatThrownBy(() -> SyntheticModel.SD15.write(folder, null))
                .isInstanceOf(WeightsException.class)
                .hasMessage(folder + ": expected a new or empty folder, found one with 1 entries");
        assertThatThrownBy(() -> SyntheticModel.SD15.write(notes, null))
                .isInstanceOf(WeightsException.class)
                .hasMessage(notes + ": expected a new or empty folder, found a file");
        assertThat(folder).isDirectoryContaining(file -> file.equals(notes));
    }

    @Test
    void aFolderWithoutATokenizerIsRefusedBeforeAnythingIsWritten() throws IOException {
        Path tokenizer = Files.createDirectory(folder.resolve("tokenizer"));
        Files.writeString(tokenizer.resolve("vocab.json"), "{}");
        Path model = folder.resolve("model");

        assertThatThrownBy(() -> SyntheticModel.SD15.write(model, tokenizer))
                .isInstanceOf(WeightsException.class)
                .hasMessage(tokenizer + ": expected a tokenizer's vocab.json and merges.txt, found no merges.txt");
        assertThat(model).doesNotExist();
    }

    private static long crc(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return crc.getValue();
    }
}
