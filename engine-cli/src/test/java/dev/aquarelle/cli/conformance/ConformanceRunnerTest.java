package dev.aquarelle.cli.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.aquarelle.cli.conformance.CaseResult.Outcome;
import dev.aquarelle.core.safetensors.SafetensorsFile;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What is wrong with a golden file or the engine becomes a failure of that case, and never passes. */
class ConformanceRunnerTest {
    private static final Path GOLDEN = Path.of("src/test/golden");
    private static final String CASE = "10_noise/torch_cpu_seed42";
    private static final String OTHER = "10_noise/philox_seed1";

    @TempDir
    Path folder;

    @BeforeEach
    void copyTwoCases() throws IOException {
        GoldenSubset.copy(GOLDEN, folder, List.of(CASE, OTHER));
    }

    @Test
    void unalteredCasesPass() {
        Report report = run();

        assertThat(report.results()).extracting(CaseResult::name).containsExactly(OTHER, CASE);
        assertThat(report.allPassed()).isTrue();
        assertThat(report.exitStatus()).isZero();
    }

    @Test
    void anAlteredFileIsNotTheManifests() throws IOException {
        alterLastByte(CASE + ".safetensors");

        assertThat(only(CASE).failures())
                .singleElement()
                .asString()
                .contains("torch_cpu_seed42.safetensors: expected the sha256");
    }

    @Test
    void anAlteredExpectationFailsAtItsElement() throws IOException {
        int at = alterLastByte(CASE + ".safetensors");
        acceptHashOf(CASE + ".safetensors");

        CaseResult result = only(CASE);

        assertThat(at).isPositive();
        assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
        assertThat(result.failures()).singleElement().satisfies(failure -> {
            assertThat(failure.index()).isEqualTo("[0, 3, 3, 3]"); // the last number in the file is seq4_1x4x4x4's last
            assertThat(failure.expected()).isNotEqualTo(failure.found());
            assertThat(failure.limit()).isEqualTo("2.000e-06");
        });
        assertThat(run().exitStatus()).isOne();
    }

    @Test
    void aTightenedLimitFails() throws IOException {
        Path json = folder.resolve(CASE + ".json");
        Files.writeString(json, Files.readString(json).replace("\"tol_rms\": 5e-07", "\"tol_rms\": 1e-12"));
        acceptHashOf(CASE + ".json");

        assertThat(only(CASE).failures()).isNotEmpty().first().asString().contains("rms of the difference");
    }

    @Test
    void anOutputWithoutToleranceFails() throws IOException {
        Path json = folder.resolve(CASE + ".json");
        Files.writeString(json, Files.readString(json).replace("\"rand_20\"", "\"rand_21\""));
        acceptHashOf(CASE + ".json");

        assertThat(only(CASE).line()).contains("expected a tolerance of rand_20");
    }

    @Test
    void malformedJsonFailsItsCaseAlone() throws IOException {
        Files.writeString(folder.resolve(CASE + ".json"), "{\"case\": ");
        acceptHashOf(CASE + ".json");

        Report report = run();

        assertThat(report.count(Outcome.PASSED)).isEqualTo(1);
        assertThat(only(CASE).line()).contains("torch_cpu_seed42.json: expected JSON");
    }

    @Test
    void missingFilesFailTheirCaseAlone() throws IOException {
        Files.delete(folder.resolve(CASE + ".safetensors"));

        assertThat(run().count(Outcome.PASSED)).isEqualTo(1);
        assertThat(only(CASE).line()).contains("torch_cpu_seed42.safetensors: expected the file, found none");
    }

    @Test
    void aFullHeapFailsItsCaseAlone() throws IOException {
        GoldenSubset.copy(GOLDEN, folder, List.of("01_ops/act_silu"));
        Backend full = new LazyBackend("full", () -> {
            throw new OutOfMemoryError("Java heap space");
        });

        Report report = new ConformanceRunner(folder, full).run(Selection.ALL, result -> {});

        assertThat(report.count(Outcome.PASSED)).isEqualTo(2);
        assertThat(report.results().getFirst().line()).contains("01_ops/act_silu", "OutOfMemoryError: Java heap space");
    }

    @Test
    void whatTheEngineDoesNotDoIsUnsupportedAndNotPassed() throws IOException {
        Path manifest = folder.resolve("MANIFEST.json");
        Files.writeString(
                manifest,
                Files.readString(manifest).replaceFirst("\"group\": \"10_noise\"", "\"group\": \"77_video\""));

        Report report = run();

        assertThat(report.count(Outcome.UNSUPPORTED)).isEqualTo(1);
        assertThat(report.allPassed()).isFalse();
        assertThat(report.exitStatus()).isOne();
        assertThat(report.table()).contains("77_video").contains("no group 77_video in this version (1)");
    }

    @Test
    void aPathOutOfTheFolderFails() throws IOException {
        Path json = folder.resolve(CASE + ".json");
        Files.writeString(
                json,
                Files.readString(json).replace("\"torch_cpu_seed42.safetensors\"", "\"../../secret.safetensors\""));
        acceptHashOf(CASE + ".json");

        assertThat(only(CASE).line()).contains("expected a path in the golden folder");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "../.."})
    void aPathStaysInTheFolderHoweverThatIsWritten(String root) {
        Manifest manifest = new Manifest(Path.of(root), Map.of(), Map.of());

        assertThat(manifest.resolve("06_unet/x.json"))
                .isEqualTo(Path.of(root).toAbsolutePath().normalize().resolve("06_unet/x.json"));
        assertThatThrownBy(() -> manifest.resolve("../x.json"))
                .isInstanceOf(GoldenException.class)
                .hasMessageContaining("expected a path in the golden folder, found ../x.json");
    }

    @Test
    void aFileThatTheEntryOmitsIsCheckedWhenItIsOpened() throws IOException {
        Path manifest = folder.resolve("MANIFEST.json");
        JsonObject json = JsonParser.parseString(Files.readString(manifest)).getAsJsonObject();
        json.getAsJsonObject("cases").getAsJsonObject(CASE).add("files", new JsonArray());
        Files.writeString(manifest, json.toString());

        assertThat(only(CASE).outcome()).isEqualTo(Outcome.PASSED);
        alterLastByte(CASE + ".safetensors");
        assertThat(only(CASE).line()).contains("torch_cpu_seed42.safetensors: expected the sha256");
    }

    @Test
    void anAlteredModelIsNotTheManifests() throws IOException {
        GoldenSubset.copy(GOLDEN, folder, List.of("models/inpaint9"));
        alterLastByte("models/inpaint9/unet/config.json");

        try (Arena arena = Arena.ofConfined()) {
            GoldenCase golden = GoldenCase.open(Manifest.read(folder), CASE, null, arena);
            assertThatThrownBy(() -> golden.model("models/inpaint9/unet"))
                    .isInstanceOf(GoldenException.class)
                    .hasMessageContaining("models/inpaint9/unet/config.json: expected the sha256");
        }
    }

    @Test
    void aModelIsReadOnceHoweverManyCasesAreOfIt() throws IOException {
        GoldenSubset.copy(GOLDEN, folder, List.of("models/inpaint9"));
        Manifest manifest = Manifest.read(folder);
        Path model = manifest.resolve("models/inpaint9");

        assertThat(manifest.faultsBelow(model)).isEmpty();
        alterLastByte("models/inpaint9/unet/config.json");
        assertThat(manifest.faultsBelow(model)).isEmpty(); // not looked at again
        assertThat(Manifest.read(folder).faultsBelow(model)).hasSize(1);
    }

    /** As a scheduler would that draws one block of noise less, or more, than the reference. */
    @ParameterizedTest
    @CsvSource({"1, noise drawn", "-1, the case"})
    void aRunDrawsAllNoiseOfItsCaseAndNoMore(int more, String what) throws IOException {
        String steps = "08_schedulers/euler_a_leading_eps";
        GoldenSubset.copy(GOLDEN, folder, List.of(steps));
        assertThat(only(steps).outcome()).isEqualTo(Outcome.PASSED);
        Path file = folder.resolve(steps + ".safetensors");
        Path changed = folder.resolve("changed");
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile all = SafetensorsFile.open(file, arena);
            SafetensorsWriter writer = new SafetensorsWriter();
            all.names().forEach(name -> {
                Tensor tensor = all.tensor(name);
                writer.add(name, name.equals("in.noise") ? withBlocks(tensor, more) : tensor);
            });
            writer.write(changed);
        }
        Files.move(changed, file, StandardCopyOption.REPLACE_EXISTING);
        acceptHashOf(steps + ".safetensors");

        assertThat(only(steps).failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.what()).isEqualTo(what));
    }

    private static Tensor withBlocks(Tensor tensor, int more) {
        int[] dims = tensor.shape().dims();
        int each = (int) (tensor.shape().size() / dims[0]);
        dims[0] += more;
        return Tensor.of(Arrays.copyOf(tensor.toFloatArray(), dims[0] * each), dims);
    }

    @Test
    void aLimitForEachStepIsNeeded() throws IOException {
        String steps = "08_schedulers/ddim_leading_eps";
        GoldenSubset.copy(GOLDEN, folder, List.of(steps));
        change(
                steps + ".json",
                json -> json.getAsJsonObject("tolerance")
                        .getAsJsonArray("sample_max_abs_per_call")
                        .remove(0));

        assertThat(only(steps).failures())
                .anySatisfy(failure -> assertThat(failure.what()).isEqualTo("limits of steps"));
    }

    @Test
    void aTensorWithNothingToCompareWithFails() throws IOException {
        String f32 = "02_safetensors/valid/f32";
        GoldenSubset.copy(GOLDEN, folder, List.of(f32));
        change(
                f32 + ".json",
                json -> json.getAsJsonObject("params")
                        .getAsJsonObject("tensors")
                        .asMap()
                        .values()
                        .forEach(tensor -> {
                            tensor.getAsJsonObject().remove("bytes_hex");
                            tensor.getAsJsonObject().remove("values");
                        }));

        assertThat(only(f32).line()).contains("expected bytes_hex or values to compare with, found neither");
    }

    @Test
    void aTensorBesideTheWidenedOnesFails() throws IOException {
        String widened = "02_safetensors/valid/f8_widened";
        GoldenSubset.copy(GOLDEN, folder, List.of(widened, "02_safetensors/valid/f8"));
        Path file = folder.resolve(widened + ".safetensors");
        Path fewer = folder.resolve("fewer");
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile all = SafetensorsFile.open(file, arena);
            SafetensorsWriter writer = new SafetensorsWriter();
            all.names().stream().skip(1).forEach(name -> writer.add(name, all.tensor(name)));
            writer.write(fewer);
        }
        Files.move(fewer, file, StandardCopyOption.REPLACE_EXISTING);
        acceptHashOf(widened + ".safetensors");

        assertThat(only(widened).failures()).singleElement().asString().startsWith("names");
    }

    private void change(String file, Consumer<JsonObject> change) throws IOException {
        Path path = folder.resolve(file);
        JsonObject json = JsonParser.parseString(Files.readString(path)).getAsJsonObject();
        change.accept(json);
        Files.writeString(path, json.toString());
        acceptHashOf(file);
    }

    @Test
    void aFolderStoredOnceIsFoundWhereItIs() throws IOException {
        Path stub = Files.createDirectories(folder.resolve("models/sd2/vae"));
        Files.writeString(
                stub.resolve("SEE_sd15_vae.json"), "{\"note\": \"same weights and config as ../../sd15/vae\"}");
        Path vae = Files.createDirectories(folder.resolve("models/sd15/vae"));
        Files.writeString(vae.resolve("config.json"), "{}");

        try (Arena arena = Arena.ofConfined()) {
            GoldenCase golden = GoldenCase.open(Manifest.read(folder), CASE, null, arena);
            assertThat(golden.model("models/sd2/vae")).isEqualTo(vae);
            assertThat(golden.model("models/sd15/vae")).isEqualTo(vae);
            assertThatThrownBy(() -> golden.model("models/sd9/vae")).hasMessageContaining("found no such file");
        }
    }

    @Test
    void aSelectionOfNothingIsRefused() {
        assertThatThrownBy(() -> runner().cases(new Selection(List.of("33"), List.of())))
                .hasMessageContaining("no group 33, there are [10_noise]");
        assertThatThrownBy(() -> runner().cases(new Selection(List.of(), List.of("nothing"))))
                .hasMessageContaining("no case nothing");
        assertThatThrownBy(() -> new ConformanceRunner(folder.resolve("10_noise"), noBackend()))
                .hasMessageContaining("MANIFEST.json");
        assertThat(runner().cases(new Selection(List.of("10"), List.of("philox_seed1"))))
                .containsExactly(OTHER);
    }

    @Test
    void theCommandReportsAndExits() throws IOException {
        assertThat(command("--group", "10").exit()).isZero();
        assertThat(command("--group", "11").exit()).isEqualTo(2);
        assertThat(command("--backend", "abacus").err()).contains("--backend: expected one of");

        Files.delete(folder.resolve(CASE + ".safetensors"));
        Output failed = command();
        assertThat(failed.exit()).isOne();
        assertThat(failed.out()).contains("FAILED      " + CASE).containsPattern("10_noise +2 +\\d+ +1 +1 +0");

        JsonObject json = JsonParser.parseString(command("--json").out()).getAsJsonObject();
        assertThat(json.get("passed").getAsInt()).isEqualTo(1);
        assertThat(json.get("failed").getAsInt()).isEqualTo(1);
        assertThat(json.getAsJsonArray("cases")).hasSize(2);
    }

    private record Output(int exit, String out, String err) {}

    private Output command(String... options) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = new CommandLine(new ConformanceCommand())
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err));
        String[] args = new String[options.length + 1];
        System.arraycopy(options, 0, args, 0, options.length);
        args[options.length] = folder.toString();
        return new Output(line.execute(args), out.toString(), err.toString());
    }

    private Report run() {
        return runner().run(Selection.ALL, result -> {});
    }

    private CaseResult only(String name) {
        return runner().run(name);
    }

    private ConformanceRunner runner() {
        return new ConformanceRunner(folder, noBackend());
    }

    private static Backend noBackend() {
        return new LazyBackend("none", () -> {
            throw new AssertionError("random numbers need no backend");
        });
    }

    /** Changes the top byte of the file's last number: sign or exponent. */
    private int alterLastByte(String file) throws IOException {
        Path path = folder.resolve(file);
        byte[] bytes = Files.readAllBytes(path);
        bytes[bytes.length - 1] ^= 0x40;
        Files.write(path, bytes);
        return bytes.length - 1;
    }

    /** Lets the manifest say of a file what it has become. */
    private void acceptHashOf(String file) throws IOException {
        Path manifest = folder.resolve("MANIFEST.json");
        JsonObject json = JsonParser.parseString(Files.readString(manifest)).getAsJsonObject();
        byte[] bytes = Files.readAllBytes(folder.resolve(file));
        JsonObject content = json.getAsJsonObject("files").getAsJsonObject(file);
        content.addProperty("size", bytes.length);
        content.addProperty("sha256", Manifest.sha256(bytes));
        Files.writeString(manifest, json.toString());
    }
}
