package dev.aquarelle.sd.lora;

import dev.aquarelle.core.safetensors.Weights;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A model's layers by every name that LoRA files have for them. The names are made from those of the model's own tensors, never taken apart:
 * kohya's replace each dot by an underscore, of which the model's names have some already.
 */
final class LayerNames {
    static final String UNET = "unet";
    static final String TEXT_ENCODER = "text_encoder";
    static final String TEXT_ENCODER_2 = "text_encoder_2";

    /** The parts of a model that LoRA files are for. */
    static final List<String> PARTS = List.of(UNET, TEXT_ENCODER, TEXT_ENCODER_2);

    private static final String WEIGHT = ".weight";
    private static final String TEXT_MODEL = "text_model.";
    private static final String PEFT = "base_model.model.";

    /**
     * Where a layer is.
     *
     * @param part of the model
     * @param ldm what the original code calls a layer of the denoiser
     * @param hasBias whether the layer has one
     */
    record Place(String part, Layer layer, @Nullable String ldm, boolean hasBias) {

        /** Whether the layer's name, in either layout, begins with that of a block; that of any layer begins with "". */
        boolean isIn(String block) {
            return block.isEmpty() || isIn(layer.name(), block) || ldm != null && isIn(ldm, block);
        }

        private static boolean isIn(String name, String block) {
            return name.equals(block) || name.startsWith(block + ".");
        }
    }

    private final Map<String, Place> places = new LinkedHashMap<>();

    /**
     * @param parts the weights of the parts a model has
     */
    LayerNames(Map<String, Weights> parts) {
        parts.forEach((part, weights) -> {
            Map<String, Layer> layers = layers(weights);
            LdmNames ldm = new LdmNames(layers.keySet());
            layers.forEach((name, layer) -> {
                boolean isUnet = part.equals(UNET);
                Place place = new Place(part, layer, isUnet ? ldm.of(name) : null, weights.has(layer.bias()));
                if (isUnet) {
                    addUnet(place);
                } else {
                    addText(place);
                }
            });
        });
    }

    private static Map<String, Layer> layers(Weights weights) {
        return weights.names().stream()
                .filter(name -> name.endsWith(WEIGHT))
                .map(name -> new Layer(
                        name.substring(0, name.length() - WEIGHT.length()),
                        weights.info(name).shape()))
                .filter(layer -> Layer.suits(layer.shape()))
                .collect(Collectors.toMap(Layer::name, layer -> layer, (a, _) -> a, LinkedHashMap::new));
    }

    private void addUnet(Place place) {
        String name = place.layer().name();
        addDotted(place, UNET, name);
        add(place, name);
        add(place, PEFT + name);
        add(place, "lora_unet_" + flat(name));
        String processor = processor(name);
        if (processor != null) {
            add(place, UNET + "." + processor);
            add(place, processor);
        }
        if (place.ldm() != null) {
            add(place, "lora_unet_" + flat(place.ldm()));
            add(place, "diffusion_model." + place.ldm());
        }
    }

    /** Files have {@code text_model} in their names, also where the model's own names do without. */
    private void addText(Place place) {
        String own = place.layer().name();
        String bare = own.startsWith(TEXT_MODEL) ? own.substring(TEXT_MODEL.length()) : own;
        List<String> prefixes =
                place.part().equals(TEXT_ENCODER) ? List.of("lora_te_", "lora_te1_") : List.of("lora_te2_");
        for (String name : List.of(TEXT_MODEL + bare, bare)) {
            addDotted(place, place.part(), name);
            add(place, PEFT + name);
            prefixes.forEach(prefix -> add(place, prefix + flat(name)));
        }
    }

    private void addDotted(Place place, String part, String name) {
        add(place, part + "." + name);
        add(place, part + "." + PEFT + name);
        add(place, PEFT + part + "." + name);
    }

    private void add(Place place, String name) {
        places.putIfAbsent(name, place);
    }

    /** What the first diffusers with LoRA called the projections of an attention: {@code attn1.processor.to_q} and {@code to_out}. */
    private static @Nullable String processor(String name) {
        int at = name.lastIndexOf(".to_");
        if (at < 0) {
            return null;
        }
        String projection = name.substring(at + 1);
        return name.substring(0, at) + ".processor." + (projection.equals("to_out.0") ? "to_out" : projection);
    }

    private static String flat(String name) {
        return name.replace('.', '_');
    }

    /** The layer that a file calls so; null if the model has none. */
    @Nullable
    Place find(String module) {
        return places.get(module);
    }

    /** Whether any layer's name begins with that of a block. */
    boolean hasBlock(String block) {
        return places.values().stream().anyMatch(place -> place.part().equals(UNET) && place.isIn(block));
    }
}
