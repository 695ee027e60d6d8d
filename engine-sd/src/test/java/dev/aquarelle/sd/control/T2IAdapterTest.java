package dev.aquarelle.sd.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Program;
import dev.aquarelle.sd.FormulaWeights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.unet.UNetConfig;
import dev.aquarelle.sd.unet.UNetInputs;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The numbers are diffusers' of {@link TinyAdapter}. */
class T2IAdapterTest {
    private static final String GRAY = "\"in_channels\": 1, \"num_res_blocks\": 1, ";
    private static final UNetInputs.Sizes ODD = new UNetInputs.Sizes(1, 3, 1, 77);
    private static final float[] FULL = {
        0.3210161f, -0.1454427f, -0.6234107f, -0.9295443f, -0.7826241f, -0.157957f, 0.5562704f, 0.9027978f, 0.7757165f,
        0.3870671f, -0.07552274f, -0.5524181f, -0.9001955f, -0.8410417f, -0.2804439f, 0.4565784f, 1.508377f, 1.686501f,
        1.021008f, -0.01507337f, -0.9193132f, -1.443913f, -1.455736f, -0.8351993f, 0.2852241f, 1.34582f, 1.701277f,
        1.18176f, 0.1881616f, -0.752775f, -1.352595f, -1.478004f
    };

    @TempDir
    private Path folder;

    private static T2IAdapter load(Map<String, Tensor> tensors, String fields) {
        return T2IAdapter.load(
                Weights.of("adapter.safetensors", tensors),
                T2IAdapterConfig.of(ModelConfig.parse("config.json", "{" + fields + "}")));
    }

    private static T2IAdapter full() {
        return load(TinyAdapter.full(64, 8, 16), GRAY + "\"channels\": [8, 16]");
    }

    private static Tensor picture(int... dims) {
        Shape shape = Shape.of(dims);
        return Tensor.of(FormulaWeights.sines((int) shape.size(), 1.3, 0, 0.5, 0.5), dims);
    }

    /** Half of the last feature. */
    private static float[] run(T2IAdapter adapter, UNetInputs.Sizes sizes, Tensor picture) {
        T2IAdapters adapters = new T2IAdapters(List.of(adapter));
        try (Backend backend = Backends.open("reference", BackendOptions.DEFAULT);
                Program program = backend.compile(adapters.graph(sizes, 1))) {
            program.run(picture, Tensor.of(new float[] {0.5f}, 1));
            return program.output("feature." + (adapters.features() - 1)).toFloatArray();
        }
    }

    /** 3 rows are halved to 2, the second the mean of what is there. */
    @Test
    void aFullAdapterIsDiffusers() {
        assertThat(run(full(), ODD, picture(1, 24, 8, 1))).containsExactly(FULL, within(1e-5f));
    }

    @Test
    void aLightAdapterIsDiffusers() {
        T2IAdapter adapter = load(
                TinyAdapter.light(192, 8),
                "\"num_res_blocks\": 1, \"channels\": [8], \"adapter_type\": \"light_adapter\"");

        assertThat(run(adapter, new UNetInputs.Sizes(1, 2, 1, 77), picture(1, 16, 8, 3)))
                .containsExactly(
                        new float[] {
                            -0.01172696f,
                            -0.07457493f,
                            -0.1299253f,
                            -0.07470015f,
                            0.06005015f,
                            0.1321789f,
                            0.0860627f,
                            0.01478568f
                        },
                        within(1e-6f));
    }

    @Test
    void anAdapterOfSdxlIsDiffusers() {
        T2IAdapter adapter = load(
                TinyAdapter.full(256, 4, 8, 16, 16),
                GRAY + "\"channels\": [4, 8, 16, 16], \"adapter_type\": \"full_adapter_xl\", \"downscale_factor\": 16");

        assertThat(adapter.config().features())
                .extracting(UNetConfig.Skip::halvings)
                .containsExactly(1, 1, 2, 2);
        assertThat(run(adapter, new UNetInputs.Sizes(1, 4, 4, 77), picture(1, 32, 32, 1)))
                .containsExactly(
                        new float[] {
                            -0.02827894f,
                            0.1009065f,
                            0.01941747f,
                            -0.02758055f,
                            0.1201038f,
                            0.2416825f,
                            0.07978923f,
                            -0.2198471f,
                            -0.2879269f,
                            -0.06893031f,
                            0.1159423f,
                            0.068262f,
                            -0.01628584f,
                            0.0837716f,
                            0.2213892f,
                            0.1088784f
                        },
                        within(1e-6f));
    }

    @Test
    void featuresOfSeveralAreSummedAndRepeatedForEachSample() {
        T2IAdapters two = new T2IAdapters(List.of(full(), full()));
        try (Backend backend = Backends.open("reference", BackendOptions.DEFAULT);
                Program program = backend.compile(two.graph(new UNetInputs.Sizes(3, 3, 1, 77), 1))) {
            Tensor picture = picture(1, 24, 8, 1);
            program.run(picture, Tensor.of(new float[] {0.2f}, 1), picture, Tensor.of(new float[] {0.3f}, 1));
            Tensor feature = program.output("feature.1");

            assertThat(feature.shape()).isEqualTo(Shape.of(3, 2, 1, 16));
            float[] values = feature.toFloatArray();
            for (int i = 0; i < values.length; i++) {
                assertThat(values[i]).isCloseTo(FULL[i % FULL.length], within(1e-5f));
            }
        }
    }

    private Path write(String name, Map<String, Tensor> tensors) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter();
        tensors.forEach(writer::add);
        writer.write(folder.resolve(name));
        return folder.resolve(name);
    }

    @Test
    void aFileWithoutAConfigurationIsToldByItsTensors() throws IOException {
        Path sdxl = write("sdxl.safetensors", TinyAdapter.full(768, 4, 8, 16, 16));
        Path light = write("light.safetensors", TinyAdapter.light(192, 8));
        try (Arena arena = Arena.ofConfined()) {
            assertThat(T2IAdapter.load(sdxl, arena).config())
                    .isEqualTo(new T2IAdapterConfig(T2IAdapterConfig.Type.FULL_XL, 3, List.of(4, 8, 16, 16), 1, 16));
            assertThat(T2IAdapter.load(light, arena).config())
                    .isEqualTo(new T2IAdapterConfig(T2IAdapterConfig.Type.LIGHT, 3, List.of(8), 1, 8));
        }
    }

    @Test
    void aConfigurationBesideTheFileCounts() throws IOException {
        Path file = write("adapter.safetensors", TinyAdapter.full(64, 8, 16));
        Files.writeString(
                folder.resolve("config.json"), "{\"_class_name\": \"T2IAdapter\", " + GRAY + "\"channels\": [8, 16]}");
        try (Arena arena = Arena.ofShared()) {
            assertThat(run(T2IAdapter.load(file, arena), ODD, picture(1, 24, 8, 1)))
                    .containsExactly(FULL, within(1e-5f));
            assertThat(T2IAdapter.load(folder, arena).config().channels()).containsExactly(8, 16);
        }
    }

    /** Eight residual blocks of four levels, of which the third and the fourth have as many channels. */
    @Test
    void namesOfTheFirstReleaseAreUnderstood() throws IOException {
        int[] channels = {4, 4, 8, 8, 16, 16, 16, 16};
        Map<String, Tensor> original = new TreeMap<>();
        TinyAdapter.full(64, channels)
                .forEach((name, tensor) ->
                        original.put(name.substring("adapter.".length()).replace(".resnets.0", ""), tensor));
        Map<String, Tensor> light = new TreeMap<>();
        TinyAdapter.light(192, 8)
                .forEach((name, tensor) ->
                        light.put(name.substring("adapter.".length()).replace("resnets", "body"), tensor));
        try (Arena arena = Arena.ofConfined()) {
            assertThat(T2IAdapter.load(write("full.safetensors", original), arena)
                            .config())
                    .isEqualTo(new T2IAdapterConfig(T2IAdapterConfig.Type.FULL, 1, List.of(4, 8, 16, 16), 2, 8));
            assertThat(T2IAdapter.load(write("light.safetensors", light), arena).config())
                    .isEqualTo(new T2IAdapterConfig(T2IAdapterConfig.Type.LIGHT, 3, List.of(8), 1, 8));
        }
    }

    @Test
    void otherAndDamagedFilesAreRefused() throws IOException {
        Path other = write("other.safetensors", Map.of("something", Tensor.of(new float[1], 1)));
        Path odd = write("odd.safetensors", TinyAdapter.full(60, 8, 16));
        Map<String, Tensor> lacking = TinyAdapter.full(64, 8, 16);
        lacking.remove("adapter.body.1.in_conv.bias");
        Path incomplete = write("incomplete.safetensors", lacking);
        try (Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> T2IAdapter.load(other, arena))
                    .isInstanceOf(ModelException.class)
                    .hasMessage(other + ": expected a T2I-Adapter, found none of its tensors (adapter.body or body)");
            assertThatThrownBy(() -> T2IAdapter.load(odd, arena))
                    .isInstanceOf(ModelException.class)
                    .hasMessage(odd + ": expected adapter.conv_in.weight of 64, 192, 256 or 768 channels, found 60");
            assertThatThrownBy(() -> T2IAdapter.load(incomplete, arena))
                    .isInstanceOf(SafetensorsException.class)
                    .hasMessage("adapter.body.1.in_conv.bias: missing in " + incomplete);
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        "_class_name": "MultiAdapter"   | _class_name "MultiAdapter" is not supported, only T2IAdapter
        "adapter_type": "tiny_adapter"  | adapter_type: expected full_adapter, full_adapter_xl or light_adapter, found "tiny_adapter"
        "downscale_factor": 4           | downscale_factor 4 is not supported, only 8, 16
        "channels": []                  | channels: expected 1 to 8 numbers, found []
        "num_res_blocks": 0             | num_res_blocks: expected an integer from 1 to 64, found 0
        """)
    void namesTheFieldTheExpectedAndTheFound(String field, String message) {
        assertThatThrownBy(() -> T2IAdapterConfig.of(ModelConfig.parse("config.json", "{" + field + "}")))
                .isInstanceOf(ModelException.class)
                .hasMessage("config.json: " + message);
    }

    @Test
    void adaptersForOtherDenoisersAreRefused() {
        UNetConfig sd15 = UNetConfig.of(ModelConfig.parse("config.json", "{}"));

        assertThatThrownBy(() -> new T2IAdapters(List.of(full())).requireFit(sd15, "unet"))
                .isInstanceOf(ModelException.class)
                .hasMessage("adapter.safetensors: this T2I-Adapter does not fit unet: its features: expected"
                        + " [Skip[channels=320, halvings=0], Skip[channels=640, halvings=1]], found"
                        + " [Skip[channels=8, halvings=0], Skip[channels=16, halvings=1]]");
    }
}
