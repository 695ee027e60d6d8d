package dev.aquarelle.cli.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A wrong result of a model comes with the first of its parts that is wrong. */
class IntermediatesTest {
    private static final Path GOLDEN = Path.of("src/test/golden");
    private static final String CASE = "06_unet/inpaint9_1x8x8_t801";

    @TempDir
    Path folder;

    @Test
    void theFirstWrongPartIsNamed() throws IOException {
        GoldenSubset.copy(GOLDEN, folder, List.of(CASE, "models/inpaint9/unet"));
        demandTheImpossibleOf("sample", "mid.up_blocks.0", "mid.mid_block", "mid.conv_norm_out");

        assertThat(run().failures()).extracting(Failure::what).containsExactly("sample", "mid.mid_block");
    }

    @Test
    void partsAreNotAskedForWhenTheResultIsRight() throws IOException {
        GoldenSubset.copy(GOLDEN, folder, List.of(CASE, "models/inpaint9/unet"));
        demandTheImpossibleOf("mid.mid_block");

        assertThat(run().outcome()).isEqualTo(CaseResult.Outcome.PASSED);
    }

    private CaseResult run() {
        try (Backend backend = Backends.open("auto", BackendOptions.DEFAULT)) {
            return new ConformanceRunner(folder, backend).run(CASE);
        }
    }

    /** Sets limits that no float32 engine keeps. */
    private void demandTheImpossibleOf(String... outputs) throws IOException {
        Path file = folder.resolve(CASE + ".json");
        JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        for (String output : outputs) {
            json.getAsJsonObject("tolerance").getAsJsonObject(output).addProperty("tol_max_abs", 1e-30);
        }
        Files.writeString(file, json.toString());
        Path manifest = folder.resolve("MANIFEST.json");
        JsonObject entries = JsonParser.parseString(Files.readString(manifest)).getAsJsonObject();
        JsonObject entry = entries.getAsJsonObject("files").getAsJsonObject(CASE + ".json");
        byte[] bytes = Files.readAllBytes(file);
        entry.addProperty("size", bytes.length);
        entry.addProperty("sha256", Manifest.sha256(bytes));
        Files.writeString(manifest, entries.toString());
    }
}
