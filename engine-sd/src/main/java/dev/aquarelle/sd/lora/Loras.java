package dev.aquarelle.sd.lora;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.sd.checkpoint.ModelSource;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * LoRA files, each with its weight, to be laid over a model: {@code new Loras(List.of(new Loras.Entry(file, LoraWeight.of(0.8)))).adapt(model)}
 * is the same model changed by them. Their effects add up; the order does not matter.
 *
 * @param entries maybe none
 */
public record Loras(List<Entry> entries) {
    private static final Logger LOG = System.getLogger(Loras.class.getName());
    private static final int SHOWN = 3;

    /** A file and how strongly it counts. */
    public record Entry(LoraFile file, LoraWeight weight) {}

    /** Copies the list. */
    public Loras {
        entries = List.copyOf(entries);
    }

    /**
     * The model with the files laid over it. Only names and shapes are looked at now; numbers are when a part's weights are asked for. What a
     * file holds that does not belong to the model is in the {@link AdaptedModel#report} and, in short, a warning in the log.
     *
     * @throws SafetensorsException if a tensor's shape does not fit the layer it is for, or nothing in a file belongs to the model
     * @throws IllegalArgumentException if a weight names a block that the denoiser has not
     */
    public AdaptedModel adapt(ModelSource base) {
        try (Arena arena = Arena.ofConfined()) {
            Map<String, Weights> parts = new LinkedHashMap<>();
            for (String part : LayerNames.PARTS) {
                if (base.has(part)) {
                    parts.put(part, base.weights(part, arena));
                }
            }
            LayerNames names = new LayerNames(parts);
            Map<String, Map<Layer, LayerOverlay>> overlays = new LinkedHashMap<>();
            List<LoraReport.OfFile> files = new ArrayList<>();
            for (Entry entry : entries) {
                requireBlocks(entry.weight(), names);
                LoraReport.OfFile report = add(entry, names, overlays);
                files.add(report);
                warn(report, base);
            }
            return new AdaptedModel(base, overlays, files);
        }
    }

    private static void requireBlocks(LoraWeight weight, LayerNames names) {
        for (String block : weight.blocks().keySet()) {
            if (!names.hasBlock(block)) {
                throw new IllegalArgumentException(
                        "blocks: expected the beginning of a layer's name in the U-Net, found " + block);
            }
        }
    }

    private static LoraReport.OfFile add(
            Entry entry, LayerNames names, Map<String, Map<Layer, LayerOverlay>> overlays) {
        LoraFile file = entry.file();
        List<LoraReport.Unused> unused = new ArrayList<>();
        file.unknown().forEach(name -> unused.add(new LoraReport.Unused(name, "of no known kind")));
        int layers = 0;
        for (LoraModule module : file.modules()) {
            LayerNames.Place place = names.find(module.name());
            List<Role> ignored = place == null ? List.of(Role.values()) : ignored(module, place.hasBias());
            module.tensors(Set.copyOf(ignored))
                    .forEach(name -> unused.add(new LoraReport.Unused(
                            name,
                            place == null
                                    ? "the model has no layer of this name"
                                    : "there is nothing for it to change")));
            if (place != null && ignored.size() < module.pieces().size()) {
                overlays.computeIfAbsent(place.part(), _ -> new LinkedHashMap<>())
                        .computeIfAbsent(place.layer(), LayerOverlay::new)
                        .add(module, place.hasBias(), entry.weight().of(place));
                layers++;
            }
        }
        if (layers == 0) {
            throw new SafetensorsException("%s: expected tensors for layers of the model, found %s"
                    .formatted(file.path(), unused.isEmpty() ? "none" : "none among " + shown(unused)));
        }
        return new LoraReport.OfFile(file.path(), layers, unused);
    }

    /** What of a module says nothing: a scale of no difference, a difference of no bias. */
    private static List<Role> ignored(LoraModule module, boolean hasBias) {
        List<Role> ignored = new ArrayList<>();
        for (Role role : module.pieces().keySet()) {
            boolean isBias = role == Role.DIFF_B;
            if (isBias ? !hasBias : !role.isDifference() && !module.hasDifference()) {
                ignored.add(role);
            }
        }
        return ignored;
    }

    private static void warn(LoraReport.OfFile report, ModelSource base) {
        if (!report.unused().isEmpty()) {
            LOG.log(
                    Level.WARNING,
                    "{0}: {1} layers of {2} are changed; not applied: {3}",
                    report.file(),
                    report.layers(),
                    base.name(),
                    shown(report.unused()));
        }
    }

    private static String shown(List<LoraReport.Unused> unused) {
        String first = unused.stream()
                .limit(SHOWN)
                .map(one -> "%s (%s)".formatted(one.tensor(), one.reason()))
                .collect(Collectors.joining(", "));
        return unused.size() <= SHOWN ? first : "%s and %d more".formatted(first, unused.size() - SHOWN);
    }
}
