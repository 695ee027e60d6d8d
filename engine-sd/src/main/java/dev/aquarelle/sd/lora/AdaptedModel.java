package dev.aquarelle.sd.lora;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.checkpoint.SourceOver;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model with LoRA files laid over it ({@link Loras#adapt}): its denoiser's and text encoders' weights have more tensors, or others; all else
 * is the model's. To change the files, make another one of the same model: its own weights stay mapped and are not read again.
 */
public final class AdaptedModel implements SourceOver {
    private final ModelSource base;
    private final Map<String, Map<Layer, LayerOverlay>> overlays;
    private final LoraReport report;

    AdaptedModel(ModelSource base, Map<String, Map<Layer, LayerOverlay>> overlays, List<LoraReport.OfFile> files) {
        this.base = base;
        this.overlays = overlays;
        List<LayerOverlay> all =
                overlays.values().stream().flatMap(m -> m.values().stream()).toList();
        this.report = new LoraReport(
                files,
                all.stream().mapToLong(LayerOverlay::mergedBytes).sum(),
                all.stream().mapToLong(LayerOverlay::lowRankBytes).sum());
    }

    /** What was applied, what was not, and what it takes in memory. */
    public LoraReport report() {
        return report;
    }

    @Override
    public long copies() {
        return base.copies() + report.mergedBytes() + report.lowRankBytes();
    }

    @Override
    public Weights weights(String part, Arena arena) {
        return adapted(part, base.weights(part, arena), arena);
    }

    /**
     * The same for weights of the model that are mapped already.
     *
     * @param part {@code unet}, {@code text_encoder}, {@code text_encoder_2}; another is given back as it is
     * @param weights of this part of the model
     * @param arena what new tensors live with
     */
    public Weights adapted(String part, Weights weights, Arena arena) {
        Map<Layer, LayerOverlay> layers = overlays.get(part);
        if (layers == null) {
            return weights;
        }
        Map<String, Tensor> overlay = new LinkedHashMap<>();
        layers.values().forEach(layer -> layer.overlay(weights, arena, overlay));
        return weights.with("LoRA over " + weights.where(), overlay);
    }

    @Override
    public ModelSource base() {
        return base;
    }
}
