package dev.aquarelle.core.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors are found by name, in one file or several, and nothing outside of the model's folder is read. */
class WeightsTest {
    private static final String INDEX = "model.safetensors.index.json";

    @TempDir
    Path folder;

    private Path model;
    private final Arena arena = Arena.ofConfined();

    @BeforeEach
    void twoShards() throws IOException {
        model = Files.createDirectory(folder.resolve("model"));
        shard(model.resolve("1.safetensors"), "down.0.weight", 2, 3);
        shard(model.resolve("2.safetensors"), "down.1.weight", 3, 2);
    }

    @AfterEach
    void close() {
        arena.close();
    }

    @Test
    void partsAndShapesAreChecked() {
        Weights weights = Weights.open(model.resolve("1.safetensors"), arena);
        Weights down = weights.at("down").at("0");

        assertThat(down.get("weight", 2, 3).toFloatArray()).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(down.has("weight")).isTrue();
        assertThat(down.has("bias")).isFalse();
        assertThat(weights.hasPart("down.0")).isTrue();
        assertThat(weights.hasPart("down.0.weight")).isFalse();
        assertThat(down.path("weight")).isEqualTo("down.0.weight");
        assertThat(weights.at("down").names()).containsExactly("0.weight");
        assertThatThrownBy(() -> down.get("weight", 3, 2))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageMatching("down.0.weight: expected \\[3, 2], found \\[2, 3] in .*1.safetensors");
        assertThatThrownBy(() -> down.get("bias"))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageMatching("down.0.bias: missing in .*1.safetensors");
    }

    @Test
    void anIndexJoinsFiles() throws IOException {
        index(
                "{'metadata':{'total_size':48},'weight_map':{'down.0.weight':'1.safetensors','down.1.weight':'2.safetensors'}}");

        for (Path path : new Path[] {model, model.resolve(INDEX)}) {
            Weights weights = Weights.open(path, arena);
            assertThat(weights.names()).containsExactly("down.0.weight", "down.1.weight");
            assertThat(weights.get("down.1.weight", 3, 2).getFloat(5)).isEqualTo(5);
        }
    }

    @Test
    void aTensorMustBeWhereTheIndexSays() throws IOException {
        index("{'weight_map':{'down.0.weight':'2.safetensors'}}");

        assertThatThrownBy(() -> Weights.open(model, arena))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageMatching(
                        "down.0.weight: expected in .*2.safetensors, as .*index.json says, found no such tensor there");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../outside.safetensors",
                "ABSOLUTE",
                "sub/../../outside.safetensors",
                "sub/../1.safetensors",
                "./1.safetensors",
                "link.safetensors",
                "linked/outside.safetensors",
                "..",
                "",
                ".",
                "none.safetensors",
                "..\\\\outside.safetensors",
                "a\\u0000b"
            })
    void anIndexMayNotPointOutOfItsFolder(String shard) throws IOException {
        Path outside = folder.resolve("outside.safetensors");
        shard(outside, "down.0.weight", 2, 3);
        Files.createSymbolicLink(model.resolve("link.safetensors"), outside);
        Files.createSymbolicLink(model.resolve("linked"), folder);
        String absolute = model.resolve("1.safetensors").toString().replace("\\", "\\\\");
        index("{'weight_map':{'down.0.weight':'%s'}}".formatted(shard.replace("ABSOLUTE", absolute)));

        assertThatThrownBy(() -> Weights.open(model, arena))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageContaining(INDEX + ": 'down.0.weight': expected ");
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    @Timeout(10)
    void anIndexWithoutEndIsRefused() throws IOException {
        Files.createSymbolicLink(model.resolve(INDEX), Path.of("/dev/zero"));

        assertThatThrownBy(() -> Weights.open(model.resolve(INDEX), arena))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageEndingWith(INDEX + ": expected a regular file, found a pipe or device");
    }

    @Test
    void linksOfTheHubCacheAreFollowed() throws IOException {
        Path blobs = Files.createDirectories(folder.resolve("hub/blobs"));
        Path snapshot = Files.createDirectories(folder.resolve("hub/snapshots/0123/unet"));
        Files.move(model.resolve("1.safetensors"), blobs.resolve("abcd"));
        Files.createSymbolicLink(snapshot.resolve("1.safetensors"), Path.of("../../../blobs/abcd"));
        Files.writeString(snapshot.resolve(INDEX), "{\"weight_map\":{\"down.0.weight\":\"1.safetensors\"}}");

        assertThat(Weights.open(snapshot, arena).names()).containsExactly("down.0.weight");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{}",
                "{'weight_map':[]}",
                "{'weight_map':{'a':1}}",
                "{'weight_map':{'a':'1.safetensors','a':'1.safetensors'}}",
                "{'weight_map':{},'weight_map':{}}",
                "{'metadata':{'x':1,'x':2},'weight_map':{}}",
                "{'weight_map':{}} x",
            })
    void aMalformedIndexIsRefused(String json) throws IOException {
        index(json);

        assertThatThrownBy(() -> Weights.open(model, arena))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageContaining(INDEX);
    }

    @Test
    void aFolderIsSearchedForTheKnownNames() throws IOException {
        assertThatThrownBy(() -> Weights.open(model, arena))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageContaining("found [1.safetensors, 2.safetensors]");
        shard(model.resolve("diffusion_pytorch_model.fp16.safetensors"), "half", 1, 1);
        assertThat(Weights.open(model, arena).names()).containsExactly("half");
        shard(model.resolve("model.safetensors"), "whole", 1, 1);
        assertThat(Weights.open(model, arena).names()).containsExactly("whole");
        assertThatThrownBy(() -> Weights.open(Files.createDirectory(folder.resolve("empty")), arena))
                .hasMessageContaining("found no safetensors file");
    }

    @Test
    void aFolderWithTheNameOfAFileIsCalledAFolder() throws IOException {
        Path named = Files.createDirectory(folder.resolve("a.safetensors"));
        assertThatThrownBy(() -> Weights.open(named, arena))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage(named + ": expected a safetensors file, found a folder without one in it");

        Path inside = Files.createDirectory(named.resolve("b.safetensors"));
        assertThatThrownBy(() -> Weights.open(named, arena))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage(inside + ": expected a regular file, found a folder");
    }

    @Test
    void tensorsInMemoryAreWeightsToo() {
        Weights weights = Weights.of("a test", Map.of("a.b", Tensor.of(new float[] {1, 2}, 2)));

        assertThat(weights.at("a").get("b", 2).toFloatArray()).containsExactly(1, 2);
        assertThatThrownBy(() -> weights.at("a").get("c")).hasMessage("a.c: missing in a test");
    }

    private void index(String json) throws IOException {
        Files.writeString(model.resolve(INDEX), json.replace('\'', '"'));
    }

    private static void shard(Path path, String name, int rows, int columns) throws IOException {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        new SafetensorsWriter().add(name, Tensor.of(values, rows, columns)).write(path);
    }
}
