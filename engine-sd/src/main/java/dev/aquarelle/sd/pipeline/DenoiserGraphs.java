package dev.aquarelle.sd.pipeline;

import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.sd.unet.UNet2DConditionModel;
import dev.aquarelle.sd.unet.UNetInputs;
import java.util.List;

/**
 * The graphs of the denoiser and of the ControlNets beside it.
 *
 * @param pooledDim channels of the text's pooled embedding; 0 if the denoiser takes none
 */
record DenoiserGraphs(UNet2DConditionModel unet, int pooledDim) {

    Graph denoiser(Demand wanted) {
        return unet.graph(sizes(wanted), wanted.kinds(), wanted.variant());
    }

    Graph controlNets(Demand wanted, ControlNetUse use) {
        return use.graph(sizes(wanted), wanted.looks());
    }

    private UNetInputs.Sizes sizes(Demand wanted) {
        return new UNetInputs.Sizes(wanted.samples(), wanted.height(), wanted.width(), wanted.tokens(), pooledDim);
    }

    /** What the programs of all demands would take beside one another; nothing is made. */
    long bytes(Backend backend, List<Demand> wanted) {
        return wanted.stream().mapToLong(demand -> bytes(backend, demand)).sum();
    }

    private long bytes(Backend backend, Demand wanted) {
        ControlNetUse use = wanted.controlNets();
        long nets = use == null ? 0 : backend.plan(controlNets(wanted, use)).total();
        return backend.plan(denoiser(wanted)).total() + nets;
    }
}
