package dev.aquarelle.cli.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.aquarelle.core.safetensors.SafetensorsFile;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The demo model's reference pictures as cases of group 09: the models of the golden files are too large for the repository. */
class PipelineGroupTest {
    private static final String NAME = "09_pipelines/txt2img_demo";
    private static final String REFERENCE = "a-red-apple-1";

    @TempDir
    Path folder;

    private CaseResult run(JsonObject changes) throws IOException {
        return run(DemoModel.referencePictures().resolve(REFERENCE), changes);
    }

    /** Runs a case on the demo model, with changes to its call. */
    private CaseResult run(Path reference, JsonObject changes) throws IOException {
        JsonObject json = JsonParser.parseString(Files.readString(Path.of(reference + ".json")))
                .getAsJsonObject();
        changes.asMap().forEach(json.getAsJsonObject("params").getAsJsonObject("call")::add);
        json.getAsJsonObject("params").addProperty("model", "models/demo");
        json.addProperty("data", "txt2img_demo.safetensors");
        Files.createDirectories(folder.resolve("models"));
        Files.createSymbolicLink(folder.resolve("models/demo"), DemoModel.path().toAbsolutePath());
        Files.createDirectories(folder.resolve("09_pipelines"));
        Files.writeString(folder.resolve(NAME + ".json"), json.toString());
        Files.copy(Path.of(reference + ".safetensors"), folder.resolve(NAME + ".safetensors"));
        writeManifest();
        try (Backend backend = Backends.open("auto", BackendOptions.DEFAULT)) {
            return new ConformanceRunner(folder, backend).run(NAME);
        } finally {
            Files.delete(folder.resolve("models/demo")); // the link
        }
    }

    private void writeManifest() throws IOException {
        JsonArray names = new JsonArray();
        JsonObject files = new JsonObject();
        for (String name : new String[] {NAME + ".json", NAME + ".safetensors"}) {
            byte[] bytes = Files.readAllBytes(folder.resolve(name));
            JsonObject file = new JsonObject();
            file.addProperty("size", bytes.length);
            file.addProperty("sha256", Manifest.sha256(bytes));
            files.add(name, file);
            names.add(name);
        }
        JsonObject golden = new JsonObject();
        golden.addProperty("group", "09_pipelines");
        golden.add("files", names);
        JsonObject cases = new JsonObject();
        cases.add(NAME, golden);
        JsonObject manifest = new JsonObject();
        manifest.add("cases", cases);
        manifest.add("files", files);
        Files.writeString(folder.resolve("MANIFEST.json"), manifest.toString());
    }

    @Test
    void everyStepAgreesWithTheReference() throws IOException {
        CaseResult result = run(new JsonObject());

        assertThat(result.failures()).isEmpty();
        assertThat(result.outcome()).isEqualTo(CaseResult.Outcome.PASSED);
        assertThat(result.line())
                .contains("19 checks"); // 15 steps, their number, the draws of noise, the latents, the picture
    }

    @ParameterizedTest
    @ValueSource(strings = {"euler", "dpmpp_2m_karras", "v_prediction"})
    void otherSchedulersAgreeWithTheReferenceToo(String name) throws IOException {
        CaseResult result = run(Path.of("src/test/pipelines").resolve(name), new JsonObject());

        assertThat(result.failures()).isEmpty();
        assertThat(result.outcome()).isEqualTo(CaseResult.Outcome.PASSED);
        assertThat(result.line()).contains("8 checks"); // 4 steps and the four others
    }

    @Test
    void noiseThatNobodyDrawsFails() throws IOException {
        Path reference = folder.resolve("reference");
        Files.copy(DemoModel.referencePictures().resolve(REFERENCE + ".json"), Path.of(reference + ".json"));
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile all =
                    SafetensorsFile.open(DemoModel.referencePictures().resolve(REFERENCE + ".safetensors"), arena);
            SafetensorsWriter writer = new SafetensorsWriter();
            all.names().forEach(name -> writer.add(name, all.tensor(name)));
            writer.add("in.noise.0", all.tensor("in.latents")).write(Path.of(reference + ".safetensors"));
        }

        assertThat(run(reference, new JsonObject()).failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.what()).isEqualTo("noise drawn"));
    }

    @Test
    void aDrawOfNoiseThatTheReferenceDidNotMakeFails() throws IOException {
        JsonObject changes = new JsonObject();
        changes.addProperty("eta", 1);

        assertThat(run(changes).failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure).asString().contains("in.noise.0"));
    }

    @Test
    void anotherGuidanceFailsFromTheFirstStepOn() throws IOException {
        JsonObject changes = new JsonObject();
        changes.addProperty("guidance_scale", 5.1);

        CaseResult result = run(changes);

        assertThat(result.outcome()).isEqualTo(CaseResult.Outcome.FAILED);
        assertThat(result.failures()).first().asString().contains("mid.latents_per_step[0]");
    }

    @Test
    void fewerStepsThanTheReferenceTookFail() throws IOException {
        JsonObject changes = new JsonObject();
        changes.addProperty("num_inference_steps", 14);

        assertThat(run(changes).failures())
                .anySatisfy(failure -> assertThat(failure).asString().startsWith("steps"));
    }

    @Test
    void aCallWithSomethingUnknownIsUnsupported() throws IOException {
        JsonObject changes = new JsonObject();
        changes.addProperty("ip_adapter_image", "cat.png");

        assertThat(run(changes).line()).contains("UNSUPPORTED").contains("pipelines with ip_adapter_image");
    }
}
