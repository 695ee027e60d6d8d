package dev.aquarelle.cli.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.SafetensorsFile;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Group 02: safetensors files that must be read exactly, and malformed ones that must be refused. */
final class SafetensorsGroup implements GoldenGroup {
    private static final String WIDENED = "_widened";

    @Override
    public String name() {
        return "02_safetensors";
    }

    @Override
    public void run(GoldenCase golden, Backend backend, Check check) {
        List<JsonElement> files = golden.json().getAsJsonArray("files").asList();
        if (files.stream().allMatch(JsonElement::isJsonObject)) {
            files.forEach(file -> checkMalformed(golden, file.getAsJsonObject(), check));
        } else if (golden.params().has("tensors")) {
            checkTensors(golden, open(golden, files, check), check);
        } else {
            checkWidened(golden, files.getFirst().getAsString(), check);
        }
    }

    private static void checkMalformed(GoldenCase golden, JsonObject entry, Check check) {
        String file = entry.get("file").getAsString();
        boolean mustReject = entry.get("must_reject").getAsBoolean();
        check.equal(file, reading(golden.file(file), golden.arena()), mustReject ? "refused" : "accepted");
    }

    /** A refusal counts only if it says which file it is about. */
    private static String reading(Path file, Arena arena) {
        try {
            SafetensorsFile.open(file, arena);
            return "accepted";
        } catch (SafetensorsException e) {
            String message = String.valueOf(e.getMessage());
            return message.contains(file.toString()) ? "refused" : "refused without the file's name: " + message;
        }
    }

    private static Weights open(GoldenCase golden, List<JsonElement> files, Check check) {
        for (JsonElement file : files) {
            if (file.getAsString().endsWith(".index.json")) {
                return Weights.open(golden.file(file.getAsString()), golden.arena());
            }
        }
        SafetensorsFile file = SafetensorsFile.open(golden.file(files.getFirst().getAsString()), golden.arena());
        Map<String, String> metadata = new LinkedHashMap<>();
        golden.params()
                .getAsJsonObject("metadata")
                .entrySet()
                .forEach(e -> metadata.put(e.getKey(), e.getValue().getAsString()));
        check.equal("metadata", file.metadata(), metadata);
        return Weights.of(file);
    }

    private static void checkTensors(GoldenCase golden, Weights weights, Check check) {
        JsonObject expected = golden.params().getAsJsonObject("tensors");
        check.equal("names", weights.names(), expected.keySet());
        Set<String> names = new HashSet<>(expected.keySet());
        names.retainAll(weights.names());
        for (String name : names) {
            JsonObject entry = expected.getAsJsonObject(name);
            Tensor actual = weights.get(name);
            DType dtype = DType.valueOf(entry.get("dtype").getAsString());
            Shape shape = Shape.of(entry.getAsJsonArray("shape").asList().stream()
                    .mapToInt(JsonElement::getAsInt)
                    .toArray());
            check.equal(name, actual.toString(), dtype + " " + shape);
            if (entry.has("bytes_hex")
                    && actual.dtype() == dtype
                    && actual.shape().equals(shape)) {
                byte[] bytes = HexFormat.of().parseHex(entry.get("bytes_hex").getAsString());
                check.identical(name, actual, new Tensor(shape, dtype, MemorySegment.ofArray(bytes)));
            }
            if (entry.has("values")) {
                checkValues(name, actual, entry.getAsJsonArray("values"), check);
            }
            if (!entry.has("bytes_hex") && !entry.has("values")) {
                check.fail(name, "bytes_hex or values to compare with", "neither");
            }
        }
    }

    private static void checkValues(String name, Tensor actual, JsonArray values, Check check) {
        check.equal(name + " count", actual.shape().size(), (long) values.size());
        for (int i = 0; i < Math.min(values.size(), actual.shape().size()); i++) {
            JsonPrimitive value = values.get(i).getAsJsonPrimitive();
            String where = name + Differences.index(actual.shape(), i);
            if (actual.dtype().isFloatingPoint()) {
                check.equal(
                        where, actual.dtype().readDouble(actual.data(), i), Double.parseDouble(value.getAsString()));
            } else {
                String expected = value.isBoolean() ? value.getAsBoolean() ? "1" : "0" : value.getAsString();
                check.equal(where, Differences.shown(actual, i), expected);
            }
        }
    }

    /** A case {@code NAME_widened} holds as F32 what the tensors of {@code NAME.safetensors} are when widened. */
    private static void checkWidened(GoldenCase golden, String file, Check check) {
        int suffix = file.lastIndexOf(WIDENED);
        if (suffix < 0) {
            throw new GoldenException(
                    "%s: expected params.tensors, or a file %s, found %s".formatted(golden.name(), WIDENED, file));
        }
        Path narrow = golden.file(file.substring(0, suffix) + file.substring(suffix + WIDENED.length()));
        Weights widened = Weights.open(golden.file(file), golden.arena());
        Weights original = Weights.open(narrow, golden.arena());
        check.equal("names", original.names(), widened.names());
        for (String name : widened.names()) {
            check.close(name, original.get(name), widened.get(name), Tolerance.EXACT);
        }
    }
}
