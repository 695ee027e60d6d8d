package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Program;
import dev.aquarelle.sd.unet.Steering;
import dev.aquarelle.sd.unet.UNetVariant;
import dev.aquarelle.sd.unet.UNetVariant.Deep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The calls of the denoiser in one run: which program is run in which call, what it is given, and what is kept from one call to the next.
 * ControlNets are run together with deep blocks; where these are not computed, what both gave last is taken again.
 */
final class Denoiser {
    private final Programs programs;
    private final Sampling s;
    private final CallPlan plan;
    private List<Tensor> residuals = List.of();
    private @Nullable Tensor deepFeatures;

    /**
     * @param programs prepared for {@link #demands}
     */
    Denoiser(Programs programs, Sampling s) {
        this.programs = programs;
        this.s = s;
        this.plan = s.plan();
    }

    /**
     * What programs a run needs, each once.
     *
     * @param latents {@code [N, h, w, C]}
     */
    static List<Programs.Demand> demands(
            Shape latents, CallPlan plan, Steering.Kinds kinds, @Nullable ControlNetUse controlNets) {
        return IntStream.range(0, plan.calls())
                .mapToObj(call -> demand(latents, plan, call, kinds, controlNets))
                .distinct()
                .toList();
    }

    private static Programs.Demand demand(
            Shape latents, CallPlan plan, int call, Steering.Kinds kinds, @Nullable ControlNetUse controlNets) {
        int looks = plan.looks(call);
        UNetVariant variant = plan.variant(call);
        return new Programs.Demand(
                looks * latents.dim(0),
                latents.dim(1),
                latents.dim(2),
                looks,
                kinds,
                variant.deep() == Deep.GIVEN ? null : controlNets,
                variant);
    }

    /**
     * The guided prediction of a call.
     *
     * @param sample the scaled latents {@code [N, h, w, C]}
     * @throws dev.aquarelle.sd.ModelException if it has numbers that are not finite
     */
    Tensor predict(int call, Tensor sample, float timestep) {
        Steerer steerer = s.steerer();
        Programs.Demand demand = demand(sample.shape(), plan, call, steerer.kinds(), steerer.controlNets());
        int looks = demand.looks();
        int rows = demand.samples();
        Program program = programs.denoiser(demand);
        float[] timesteps = new float[rows];
        Arrays.fill(timesteps, timestep);
        Tensor output = program.run(
                s.cancellation(), inputs(demand, call, Latents.repeated(sample, looks), Tensor.of(timesteps, rows)));
        Finite.require(Programs.DENOISER, call == 0 ? Finite.WEIGHTS : Finite.SETTINGS, output);
        if (demand.variant().deep() == Deep.KEPT) {
            deepFeatures = program.output(UNetVariant.DEEP_FEATURES);
        }
        return looks == s.guidance().looks() ? s.guidance().combine(output) : output;
    }

    private Tensor[] inputs(Programs.Demand demand, int call, Tensor sample, Tensor timesteps) {
        int rows = demand.samples();
        Conditioning told = s.conditioning().at(call).ofLast(rows);
        Program controlling = programs.controlNets(demand);
        if (controlling != null && demand.controlNets() != null) {
            Tensor[] seen = told.forControl().inputs(sample, timesteps).toArray(Tensor[]::new);
            residuals = demand.controlNets().residuals(controlling, call, plan.calls(), seen, s.cancellation());
        }
        List<Tensor> inputs = new ArrayList<>(told.inputs(sample, timesteps));
        inputs.addAll(s.steerer().ofLast(rows).inputs(residuals));
        if (demand.variant().deep() == Deep.GIVEN && deepFeatures != null) {
            inputs.add(deepFeatures);
        }
        return inputs.toArray(Tensor[]::new);
    }
}
