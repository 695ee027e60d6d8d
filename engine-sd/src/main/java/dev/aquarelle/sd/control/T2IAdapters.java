package dev.aquarelle.sd.control;

import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.nn.ScalarInput;
import dev.aquarelle.sd.unet.UNetConfig;
import dev.aquarelle.sd.unet.UNetInputs;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One or several T2I-Adapters as one program, run once before the first step; their features are summed.
 * <pre>
 * inputs   image.k                       [N, 8 H, 8 W, inChannels] or [1, 8 H, 8 W, inChannels], from 0 to 1   for each adapter k,
 *          adapter_conditioning_scale.k  [1], 1 for the strength it was trained with                           the two in turn
 * outputs  feature.i                     [N, H', W', C], in the order of {@link dev.aquarelle.sd.unet.Steering}
 * </pre>
 *
 * @param adapters at least one, all made for the same kind of denoiser
 */
public record T2IAdapters(List<T2IAdapter> adapters) {

    /**
     * @throws ModelException if the adapters are made for different kinds of denoisers
     */
    public T2IAdapters {
        adapters = List.copyOf(adapters);
        if (adapters.isEmpty()) {
            throw new IllegalArgumentException("expected at least one T2I-Adapter, found none");
        }
        T2IAdapter first = adapters.getFirst();
        for (T2IAdapter adapter : adapters) {
            requireFit(adapter, first.config().features(), first.where());
        }
    }

    /**
     * Checks that the features can be added to this denoiser's.
     *
     * @param where the denoiser's file, for the message
     * @throws ModelException if not
     */
    public void requireFit(UNetConfig unet, String where) {
        List<UNetConfig.Skip> places = unet.adapterPlaces();
        for (T2IAdapter adapter : adapters) {
            requireFit(adapter, places.subList(0, Math.min(features(), places.size())), where);
        }
    }

    private static void requireFit(T2IAdapter adapter, List<UNetConfig.Skip> expected, String where) {
        if (!adapter.config().features().equals(expected)) {
            throw new ModelException("%s: this T2I-Adapter does not fit %s: its features: expected %s, found %s"
                    .formatted(
                            adapter.where(), where, expected, adapter.config().features()));
        }
    }

    /** How many features there are, as {@link dev.aquarelle.sd.unet.Steering.Kinds} asks for. */
    public int features() {
        return adapters.getFirst().config().features().size();
    }

    /**
     * A graph of one call.
     *
     * @param sizes the denoiser's: batch, and height and width of the latents
     * @param pictures 1 if all samples have the same pictures, or else as many as there are samples
     * @throws dev.aquarelle.core.tensor.TensorException if the picture's size in pixels is no multiple of a downscale factor
     */
    public Graph graph(UNetInputs.Sizes sizes, int pictures) {
        return Graph.build(g -> {
            List<List<Value>> all = new ArrayList<>();
            for (T2IAdapter adapter : adapters) {
                Value picture = g.input(
                        "image." + all.size(),
                        pictures,
                        T2IAdapterConfig.LATENT_SCALE * sizes.height(),
                        T2IAdapterConfig.LATENT_SCALE * sizes.width(),
                        adapter.config().inChannels());
                Value scale = g.input("adapter_conditioning_scale." + all.size(), 1);
                all.add(adapter.forward(g, picture).stream()
                        .map(feature -> ScalarInput.multiply(g, feature, scale))
                        .toList());
            }
            List<Value> sums = all.stream()
                    .reduce((a, b) -> IntStream.range(0, a.size())
                            .mapToObj(i -> g.add(a.get(i), b.get(i)))
                            .toList())
                    .orElseThrow();
            for (int i = 0; i < sums.size(); i++) {
                g.output("feature." + i, forEachSample(g, sums.get(i), sizes.batch()));
            }
        });
    }

    private static Value forEachSample(Graph g, Value feature, int batch) {
        return feature.shape().dim(0) == batch
                ? feature
                : g.concat(0, Collections.nCopies(batch, feature).toArray(Value[]::new));
    }
}
