package dev.aquarelle.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.checkpoint.FileKind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InspectionTest {
    @TempDir
    Path folder;

    @Test
    void namesTypesShapesAndTotalsAreThoseOfTheFile() throws IOException {
        Path file = folder.resolve("a.safetensors");
        new SafetensorsWriter()
                .metadata("format", "pt")
                .add("ids", Tensor.of(new int[] {1, 2, 3}, 3))
                .add("b", Tensor.of(new float[6], 2, 3))
                .add("a", Tensor.of(new float[4], 4))
                .write(file);

        Inspection inspection = Inspection.of(file);

        assertThat(inspection.file()).isEqualTo(file);
        assertThat(inspection.kind()).isEqualTo("unknown");
        assertThat(inspection.metadata()).isEqualTo(Map.of("format", "pt"));
        assertThat(inspection.tensors())
                .containsExactly(
                        new Inspection.Entry("ids", "I32", Shape.of(3), 12),
                        new Inspection.Entry("b", "F32", Shape.of(2, 3), 24),
                        new Inspection.Entry("a", "F32", Shape.of(4), 16));
        assertThat(inspection.totals())
                .isEqualTo(Map.of("F32", new Inspection.Total(2, 10, 40), "I32", new Inspection.Total(1, 3, 12)));
        assertThat(inspection.total()).isEqualTo(new Inspection.Total(3, 13, 52));
    }

    @Test
    void typesThatCannotBeReadAreListedToo() throws IOException {
        byte[] header =
                "{\"a\":{\"dtype\":\"F4\",\"shape\":[4],\"data_offsets\":[0,2]}}".getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + 2).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(header.length).put(header);
        Path file = Files.write(folder.resolve("a.safetensors"), bytes.array());

        assertThat(Inspection.of(file).tensors()).containsExactly(new Inspection.Entry("a", "F4", Shape.of(4), 2));
        assertThatThrownBy(() -> Conversion.convert(file, folder.resolve("b.safetensors"), DType.F16))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageMatching("a: expected a type of \\[F64, .*], found F4 in .*a.safetensors");
    }

    @Test
    void thePartOfAModelIsFoundInItsFolder() throws IOException {
        Path file = folder.resolve("diffusion_pytorch_model.safetensors");
        new SafetensorsWriter().add("a", Tensor.of(new float[4], 4)).write(file);

        assertThat(Inspection.of(folder).file()).isEqualTo(file);
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "SD15, text_encoder, 'CLIP text encoder, ViT-L/14'",
        "SD15, unet, U-Net of Stable Diffusion 1",
        "SD15, vae, autoencoder",
        "SD2, text_encoder, 'CLIP text encoder, ViT-H/14'",
        "SD2, unet, U-Net of Stable Diffusion 2",
        "SDXL, text_encoder_2, 'CLIP text encoder, ViT-bigG/14'",
        "SDXL, unet, U-Net of SDXL",
        "SDXL_REFINER, unet, 'U-Net of SDXL''s refiner'"
    })
    void theKindOfAModelIsToldByItsTensors(SyntheticModel model, String part, String kind) {
        Map<String, Shape> shapes = model.tensors().get(part);
        long largest = shapes.values().stream().mapToLong(Shape::size).max().orElseThrow();
        MemorySegment zeros = MemorySegment.ofArray(new byte[Math.toIntExact(largest)]); // which all tensors share
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        shapes.forEach((name, shape) ->
                tensors.put(name, new Tensor(shape, DType.F8_E4M3, zeros.asSlice(0, shape.size()))));

        assertThat(FileKind.of(Weights.of("model.safetensors", tensors)).title())
                .isEqualTo(kind);
    }

    @ParameterizedTest(name = "{2}")
    @CsvSource({
        "unet.down_blocks.0.attentions.0.to_q.lora_down.weight, 4, LoRA",
        "controlnet_cond_embedding.conv_in.weight, 16, ControlNet",
        "text_model.encoder.layers.0.mlp.fc1.bias, 8, text encoder",
        "decoder.up_blocks.0.resnets.0.conv1.weight, 8, autoencoder"
    })
    void theKindIsToldByTheNamesOfTensors(String name, int size, String kind) throws IOException {
        Path file = folder.resolve("a.safetensors");
        new SafetensorsWriter().add(name, Tensor.of(new float[size], size)).write(file);

        assertThat(Inspection.of(file).kind()).isEqualTo(kind);
    }

    @Test
    void aFileThatIsNotThereIsNamed() {
        Path file = folder.resolve("none.safetensors");

        assertThatThrownBy(() -> Inspection.of(file))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage(file + ": expected a safetensors file, found no file");
    }
}
