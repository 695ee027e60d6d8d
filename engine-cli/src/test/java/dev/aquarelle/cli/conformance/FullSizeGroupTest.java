package dev.aquarelle.cli.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How cases of the full-size model are run, on a small one in its place. */
class FullSizeGroupTest {
    private static final Path GOLDEN = Path.of("src/test/golden");
    private static final Path SMALL_MODEL = GOLDEN.resolve("models/sdxl");
    private static final String WHOLE_PICTURE = "07_vae/sdxl_decode_1x4x4";

    @TempDir
    Path folder;

    @BeforeEach
    void makeFolder() throws IOException {
        Files.createDirectories(folder.resolve("13_fullsize"));
        Files.writeString(folder.resolve("MANIFEST.json"), "{\"cases\": {}, \"files\": {}}");
    }

    @Test
    void partsOfALargePictureAreCompared() throws IOException {
        writePartsOfAPicture(0);

        assertThat(run(SMALL_MODEL).failures()).isEmpty();
        assertThat(run(SMALL_MODEL).outcome()).isEqualTo(CaseResult.Outcome.PASSED);
    }

    @Test
    void aWrongPixelFails() throws IOException {
        writePartsOfAPicture(1e-3f);

        assertThat(run(SMALL_MODEL).failures())
                .extracting(Failure::what)
                .containsExactlyInAnyOrder("image_grid8", "image_crop");
    }

    @Test
    void withoutTheModelTheCaseIsUnsupported() throws IOException {
        writePartsOfAPicture(0);

        CaseResult result = run(null);

        assertThat(result.outcome()).isEqualTo(CaseResult.Outcome.UNSUPPORTED);
        assertThat(result.line()).contains("no full-size model: name its folder by --fullsize");
    }

    @Test
    void weightsAreComparedByNameShapeAndBytes() throws IOException {
        writeListOfWeights(0);
        assertThat(run(SMALL_MODEL).failures()).isEmpty();

        writeListOfWeights(1);
        assertThat(run(SMALL_MODEL).failures())
                .singleElement()
                .asString()
                .contains("decoder.conv_in.bias")
                .contains("CRC-32");
    }

    /** A case that keeps every eighth row and column, and the middle 4 x 4 pixels, of a picture in another case. */
    private void writePartsOfAPicture(float error) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            Weights whole = Weights.open(GOLDEN.resolve(WHOLE_PICTURE + ".safetensors"), arena);
            Tensor image = whole.get("out.image", 1, 3, 32, 32);
            float[] grid = new float[3 * 4 * 4];
            float[] crop = new float[3 * 4 * 4];
            for (int i = 0; i < grid.length; i++) {
                int c = i / 16;
                int y = i / 4 % 4;
                int x = i % 4;
                grid[i] = image.getFloat(c * 1024 + 8 * y * 32 + 8 * x) + error;
                crop[i] = image.getFloat(c * 1024 + (14 + y) * 32 + 14 + x) + error;
            }
            new SafetensorsWriter()
                    .add("in.latents", whole.get("in.latents"))
                    .add("out.image_grid8", Tensor.of(grid, 1, 3, 4, 4))
                    .add("out.image_crop", Tensor.of(crop, 1, 3, 4, 4))
                    .write(folder.resolve("13_fullsize/part.safetensors"));
        }
        writeCase("""
            {"data": "part.safetensors", "files": [], "params": {},
             "tolerance": {"image_grid8": {"tol_max_abs": 5e-5, "tol_rms": 1e-5}, "image_crop": {"tol_max_abs": 5e-5, "tol_rms": 1e-5}}}
            """, "part.safetensors");
    }

    /** A case that lists all tensors of the small autoencoder. */
    private void writeListOfWeights(int crcError) throws IOException {
        JsonObject tensors = new JsonObject();
        long total = 0;
        try (Arena arena = Arena.ofConfined()) {
            Weights weights = Weights.open(SMALL_MODEL.resolve("vae"), arena);
            for (String name : weights.names()) {
                Tensor tensor = weights.get(name);
                total += tensor.shape().size();
                CRC32 crc = new CRC32();
                crc.update(tensor.data().asByteBuffer());
                long value = crc.getValue() + (name.equals("decoder.conv_in.bias") ? crcError : 0);
                List<Float> first = new ArrayList<>();
                for (int i = 0; i < Math.min(4, tensor.shape().size()); i++) {
                    first.add(tensor.getFloat(i));
                }
                String entry = "{\"shape\": %s, \"crc32\": %d, \"first\": %s}".formatted(tensor.shape(), value, first);
                tensors.add(name, JsonParser.parseString(entry));
            }
        }
        Files.writeString(
                folder.resolve("13_fullsize/tensors.json"),
                "{\"total_parameters\": {\"vae\": %d}, \"tensors\": {\"vae\": %s}}".formatted(total, tensors));
        writeCase(
                "{\"data\": null, \"files\": [\"tensors.json\"], \"params\": {}, \"tolerance\": {\"rule\": \"exact\"}}",
                "tensors.json");
    }

    private void writeCase(String json, String file) throws IOException {
        Files.writeString(folder.resolve("13_fullsize/part.json"), json);
        JsonObject files = new JsonObject();
        for (String each : List.of("13_fullsize/part.json", "13_fullsize/" + file)) {
            byte[] bytes = Files.readAllBytes(folder.resolve(each));
            JsonObject content = new JsonObject();
            content.addProperty("size", bytes.length);
            content.addProperty("sha256", Manifest.sha256(bytes));
            files.add(each, content);
        }
        Files.writeString(
                folder.resolve("MANIFEST.json"),
                "{\"cases\": {\"13_fullsize/part\": {\"group\": \"13_fullsize\", \"files\": %s}}, \"files\": %s}"
                        .formatted(
                                files.keySet().stream()
                                        .map(f -> "\"" + f + "\"")
                                        .toList(),
                                files));
    }

    private CaseResult run(@Nullable Path fullSize) {
        try (Backend backend = Backends.open("auto", BackendOptions.DEFAULT)) {
            return new ConformanceRunner(folder, backend, fullSize).run("13_fullsize/part");
        }
    }
}
