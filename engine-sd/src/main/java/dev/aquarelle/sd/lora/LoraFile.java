package dev.aquarelle.sd.lora;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.SafetensorsFile;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A LoRA file, mapped: its tensors in groups, one for each layer that it changes, whatever program's names they have. Nothing is known yet of
 * the model it is for.
 */
public final class LoraFile {
    private static final List<String> USUAL_NAMES =
            List.of("pytorch_lora_weights.safetensors", "adapter_model.safetensors");

    private final Path path;
    private final List<LoraModule> modules;
    private final List<String> unknown;

    private LoraFile(Path path, List<LoraModule> modules, List<String> unknown) {
        this.path = path;
        this.modules = modules;
        this.unknown = unknown;
    }

    /**
     * Reads the names and shapes of a safetensors file; the numbers stay where they are.
     *
     * @param path the file, or a folder that holds one by the name that diffusers or PEFT give it
     * @param arena what the tensors live with: longer than every model they are laid over; shared or automatic
     * @throws SafetensorsException if the file is none, is damaged, or lacks a tensor that another one needs beside it
     * @throws dev.aquarelle.sd.ModelException if PEFT's configuration in it or beside it is damaged
     */
    public static LoraFile read(Path path, Arena arena) {
        SafetensorsFile file = SafetensorsFile.open(file(path), arena);
        Map<String, Map<Role, Piece>> groups = new LinkedHashMap<>();
        List<String> unknown = new ArrayList<>();
        for (String name : file.names()) {
            Role.Named named = Role.of(name);
            if (named == null) {
                unknown.add(name);
                continue;
            }
            Map<Role, Piece> group = groups.computeIfAbsent(named.module(), _ -> new EnumMap<>(Role.class));
            Piece other = group.put(named.role(), new Piece(file.path(), name, file.tensor(name)));
            if (other != null) {
                throw Piece.failure(file.path(), name, "one tensor of its kind", other.name() + " beside it");
            }
        }
        PeftSettings settings = PeftSettings.of(file);
        List<LoraModule> modules = new ArrayList<>();
        groups.forEach((name, pieces) -> modules.add(new LoraModule(name, pieces, settings)));
        return new LoraFile(file.path(), List.copyOf(modules), List.copyOf(unknown));
    }

    private static Path file(Path path) {
        if (!Files.isDirectory(path)) {
            return path;
        }
        return USUAL_NAMES.stream()
                .map(path::resolve)
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(() -> new SafetensorsException(
                        "%s: expected a folder with one of %s in it, found none".formatted(path, USUAL_NAMES)));
    }

    /** The file. */
    public Path path() {
        return path;
    }

    /** Its tensors by layer. */
    List<LoraModule> modules() {
        return modules;
    }

    /** The names of the tensors that are of no known kind. */
    List<String> unknown() {
        return unknown;
    }

    @Override
    public String toString() {
        return "%s: %d layers".formatted(path, modules.size());
    }
}
