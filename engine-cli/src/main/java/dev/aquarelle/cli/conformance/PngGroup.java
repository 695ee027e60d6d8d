package dev.aquarelle.cli.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.Png;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Group 11: the parameters text, PNG files with it, and floats to 8 bit. What a case holds says which of them it is. */
final class PngGroup implements GoldenGroup {
    @Override
    public String name() {
        return "11_png_parameters";
    }

    @Override
    public void run(GoldenCase golden, Backend backend, Check check) throws IOException {
        JsonObject json = golden.json();
        if (json.has("cases")) {
            for (JsonElement text : json.getAsJsonArray("cases")) {
                checkText(text.getAsJsonObject(), check);
            }
        } else if (json.has("files") && !json.getAsJsonArray("files").isEmpty()) {
            for (JsonElement file : json.getAsJsonArray("files")) {
                checkFile(golden, file.getAsJsonObject(), check);
            }
        } else if (golden.hasIn("x")) {
            checkBytes(golden, check);
        } else {
            throw new UnsupportedCaseException("a case without texts, files or floats");
        }
    }

    private static void checkText(JsonObject sub, Check check) {
        String name = sub.get("name").getAsString();
        String written = string(sub, "written");
        if (written != null) {
            GenerationParameters parameters = new GenerationParameters(
                    sub.get("prompt").getAsString(), sub.get("negative_prompt").getAsString(), pairs(sub));
            check.equal(name + ": written", parameters.toText(), written);
        }
        String text = written != null ? written : sub.get("text").getAsString();
        GenerationParameters parsed = GenerationParameters.parse(text);
        JsonObject expected = sub.getAsJsonObject("parsed");
        check.equal(name + ": prompt", parsed.prompt(), expected.get("prompt").getAsString());
        check.equal(
                name + ": negative prompt",
                parsed.negativePrompt(),
                expected.get("negative_prompt").getAsString());
        check.equal(name + ": values", entries(parsed.values()), entries(pairs(expected)));
    }

    /** Reads a file of another program, writes what it says and reads that. */
    private static void checkFile(GoldenCase golden, JsonObject sub, Check check) throws IOException {
        String name = sub.get("file").getAsString();
        Path file = golden.file(name);
        String text = sub.get("text").getAsString();
        Image image = Png.read(file);
        String pixels = sub.get("pixels").getAsString().replaceFirst(" .*", ""); // what follows is a note
        check.equal(name + ": text", parameters(file), text);
        check.identical(
                name + ": pixels",
                asTensor(image, golden),
                Weights.open(golden.file(pixels), golden.arena()).get("rgb"));

        Path copy = Files.createTempFile("aquarelle-", ".png");
        try {
            Png.write(copy, image, GenerationParameters.parse(text), Png.IfExists.REPLACE);
            check.equal(name + ": pixels written", Png.read(copy), image);
            check.equal(
                    name + ": text written",
                    entries(GenerationParameters.parse(parameters(copy)).values()),
                    entries(GenerationParameters.parse(text).values()));
        } finally {
            Files.deleteIfExists(copy);
        }
    }

    private static void checkBytes(GoldenCase golden, Check check) {
        float[] x = golden.in("x").toFloatArray();
        float[] pixels = new float[3 * x.length];
        for (int i = 0; i < x.length; i++) {
            pixels[3 * i] = x[i];
        }
        byte[] rgb = Image.fromTensor(Tensor.of(pixels, 1, x.length, 3)).toByteArray();
        List<String> actual = new ArrayList<>();
        HexFormat hex = HexFormat.of();
        for (int i = 0; i < x.length; i++) {
            actual.add(hex.toHexDigits(rgb[3 * i]));
        }
        List<String> expected = new ArrayList<>();
        for (int value : golden.out("y").toIntArray()) {
            expected.add(hex.toHexDigits((byte) value));
        }
        check.equal("y", actual, expected);
        check.compared("y");
    }

    private static String parameters(Path file) throws IOException {
        return Png.readTexts(file).getOrDefault(Png.PARAMETERS, "no text");
    }

    private static Tensor asTensor(Image image, GoldenCase golden) {
        Tensor tensor = Tensor.allocate(golden.arena(), DType.U8, image.height(), image.width(), 3);
        tensor.data().copyFrom(MemorySegment.ofArray(image.toByteArray()));
        return tensor;
    }

    private static SequencedMap<String, String> pairs(JsonObject sub) {
        SequencedMap<String, String> pairs = new LinkedHashMap<>();
        for (JsonElement element : sub.getAsJsonArray("params")) {
            JsonArray pair = element.getAsJsonArray();
            pairs.put(pair.get(0).getAsString(), pair.get(1).getAsString());
        }
        return pairs;
    }

    /** With their order, which maps do not compare. */
    private static String entries(SequencedMap<String, String> values) {
        return values.entrySet().stream().map(Map.Entry::toString).collect(Collectors.joining("\n"));
    }

    private static @Nullable String string(JsonObject json, String key) {
        return json.has(key) && !json.get(key).isJsonNull() ? json.get(key).getAsString() : null;
    }
}
