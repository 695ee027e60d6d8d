package dev.aquarelle.sd.unet;

import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.nn.EncoderHiddenStates;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What steers a denoiser beside the text, declared as inputs of its graph behind all others, in the order of the components here. Each is
 * another model's output, which is run by a program of its own.
 *
 * @param downResiduals what ControlNets add to each of {@link UNetConfig#skips}, {@code [N, H', W', C]}; empty without one
 * @param midResidual what they add to the middle, {@code [N, H', W', C]}
 * @param adapterFeatures what a T2I-Adapter adds on the way down, one for each block, and one for the middle if it has so many (SDXL)
 * @param imagePrompts for each IP-Adapter the tokens of its pictures {@code [N, T, crossAttentionDim]} and how much they count {@code [1]}
 */
public record Steering(
        List<Value> downResiduals,
        @Nullable Value midResidual,
        List<Value> adapterFeatures,
        List<EncoderHiddenStates.ImagePrompt> imagePrompts) {
    /** Nothing. */
    public static final Steering NONE = new Steering(List.of(), null, List.of(), List.of());

    public Steering {
        downResiduals = List.copyOf(downResiduals);
        adapterFeatures = List.copyOf(adapterFeatures);
        imagePrompts = List.copyOf(imagePrompts);
    }

    /**
     * Which inputs a graph has.
     *
     * @param controlNet whether there are residuals of ControlNets
     * @param adapterFeatures how many features a T2I-Adapter has, 0 without one
     * @param imageTokens for each IP-Adapter that is laid over the weights, how many tokens its pictures have together
     */
    public record Kinds(boolean controlNet, int adapterFeatures, List<Integer> imageTokens) {
        /** Nothing. */
        public static final Kinds NONE = new Kinds(false, 0, List.of());

        public Kinds {
            imageTokens = List.copyOf(imageTokens);
        }

        /** Of ControlNets alone. */
        public static Kinds ofControlNet() {
            return new Kinds(true, 0, List.of());
        }

        /** Of a T2I-Adapter alone. */
        public static Kinds ofAdapter(int features) {
            return new Kinds(false, features, List.of());
        }

        /** Of one IP-Adapter alone. */
        public static Kinds ofImage(int tokens) {
            return new Kinds(false, 0, List.of(tokens));
        }
    }

    static Steering declare(Graph g, UNetConfig config, UNetInputs.Sizes sizes, Kinds kinds) {
        List<Value> residuals = new ArrayList<>();
        Value midResidual = null;
        if (kinds.controlNet()) {
            for (UNetConfig.Skip skip : config.skips()) {
                residuals.add(featureMap(g, "down_block_additional_residuals." + residuals.size(), sizes, skip));
            }
            midResidual = featureMap(
                    g, "mid_block_additional_residual", sizes, config.skips().getLast());
        }
        List<UNetConfig.Skip> places = config.adapterPlaces();
        if (kinds.adapterFeatures() > places.size()) {
            throw new ModelException("the U-Net takes at most %d features of an adapter, found %d"
                    .formatted(places.size(), kinds.adapterFeatures()));
        }
        List<Value> features = new ArrayList<>();
        for (int i = 0; i < kinds.adapterFeatures(); i++) {
            features.add(featureMap(g, "down_intrablock_additional_residuals." + i, sizes, places.get(i)));
        }
        List<EncoderHiddenStates.ImagePrompt> images = new ArrayList<>();
        for (int tokens : kinds.imageTokens()) {
            String index = "." + images.size();
            images.add(new EncoderHiddenStates.ImagePrompt(
                    g.input("ip_hidden_states" + index, sizes.batch(), tokens, config.crossAttentionDim()),
                    g.input("ip_adapter_scale" + index, 1)));
        }
        return new Steering(residuals, midResidual, features, images);
    }

    private static Value featureMap(Graph g, String name, UNetInputs.Sizes sizes, UNetConfig.Skip map) {
        return g.input(name, sizes.batch(), map.halved(sizes.height()), map.halved(sizes.width()), map.channels());
    }
}
