package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.unet.Steering;
import dev.aquarelle.sd.unet.UNetVariant;
import dev.aquarelle.sd.unet.UNetVariant.Deep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The calls of the denoiser in one run: which program is run in which call, what it is given, and what is kept from one call to the next. All looks at
 * all pictures are computed together or, where the memory does not hold that, one after the other, which gives the same numbers. ControlNets are
 * run together with deep blocks; where these are not computed, what both gave last is taken again.
 */
final class Denoiser {
    private final Programs programs;
    private final Sampling s;
    private final CallPlan plan;
    private final Map<Integer, Kept> kept = new HashMap<>();
    private final Map<Shape, Tensor> zeros = new HashMap<>(); // for all calls: a step makes no garbage

    /** What a call leaves for the next one, of all rows or of one. */
    private record Kept(List<Tensor> residuals, @Nullable Tensor deepFeatures) {}

    /**
     * The denoiser's inputs in a call, a row for each look at each picture.
     *
     * @param own of the denoiser
     * @param controlling of ControlNets
     * @param unsteered how many rows ControlNets do not see
     */
    private record Inputs(int call, List<Tensor> own, List<Tensor> controlling, Steerer steerer, int unsteered) {}

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
     * @param tokens of text that the denoiser attends to
     */
    static List<Demand> demands(
            Shape latents, CallPlan plan, int tokens, Steering.Kinds kinds, @Nullable ControlNetUse controlNets) {
        return IntStream.range(0, plan.calls())
                .mapToObj(call -> demand(latents, plan, call, tokens, kinds, controlNets))
                .distinct()
                .toList();
    }

    private static Demand demand(
            Shape latents,
            CallPlan plan,
            int call,
            int tokens,
            Steering.Kinds kinds,
            @Nullable ControlNetUse controlNets) {
        int looks = plan.looks(call);
        UNetVariant variant = plan.variant(call);
        return new Demand(
                looks * latents.dim(0),
                latents.dim(1),
                latents.dim(2),
                looks,
                tokens,
                kinds,
                variant.deep() == Deep.GIVEN ? null : controlNets,
                variant);
    }

    private Demand demand(Shape latents, int call) {
        int tokens = s.conditioning().at(call).tokens();
        return demand(
                latents, plan, call, tokens, s.steerer().kinds(), s.steerer().controlNets());
    }

    /** Operations of the first call; those of ControlNets are not counted. */
    double flops(Shape latents) {
        Demand wanted = demand(latents, 0);
        Demand made = programs.made(wanted);
        return Pace.flops(programs.denoiser(made, s.cancellation()).graph()) * wanted.samples() / made.samples();
    }

    /**
     * The guided prediction of a call.
     *
     * @param sample the scaled latents {@code [N, h, w, C]}
     * @throws dev.aquarelle.sd.ModelException if it has numbers that are not finite
     */
    Tensor predict(int call, Tensor sample, float timestep) {
        Demand wanted = demand(sample.shape(), call);
        int looks = wanted.looks();
        int rows = wanted.samples();
        float[] timesteps = new float[rows];
        Arrays.fill(timesteps, timestep);
        Tensor output = rows(wanted, inputs(call, looks, Latents.repeated(sample, looks), Tensor.of(timesteps, rows)));
        Finite.require(Programs.DENOISER, call == 0 ? Finite.WEIGHTS : Finite.SETTINGS, output);
        return looks == s.guidance().looks() ? s.guidance().combine(output) : output;
    }

    private Inputs inputs(int call, int looks, Tensor sample, Tensor timesteps) {
        int rows = sample.shape().dim(0);
        Conditioning told = s.conditioning().at(call).ofLast(rows);
        ControlNetUse nets = s.steerer().controlNets();
        return new Inputs(
                call,
                told.inputs(sample, timesteps),
                told.forControl().inputs(sample, timesteps),
                s.steerer().at(call, rows),
                nets == null ? 0 : rows - nets.samples(rows, looks));
    }

    /** Perhaps a view that the next call overwrites. */
    private Tensor rows(Demand wanted, Inputs inputs) {
        Demand made = programs.made(wanted);
        if (made.samples() == wanted.samples()) {
            return look(made, 0, inputs, UnaryOperator.identity());
        }
        Tensor[] predictions = new Tensor[wanted.samples()];
        for (int row = 0; row < predictions.length; row++) {
            predictions[row] = Latents.concatenated(look(made, row, inputs, Latents::concatenated)); // copies
        }
        return Latents.concatenated(predictions);
    }

    /**
     * One run of the program, which takes a row of the inputs that have more than it takes.
     *
     * @param copy of what is kept, if the next run would overwrite it
     */
    private Tensor look(Demand made, int row, Inputs inputs, UnaryOperator<Tensor> copy) {
        Deep deep = made.variant().deep();
        Kept last = deep == Deep.GIVEN ? kept.get(row) : null;
        List<Tensor> residuals = last == null ? residuals(made, row, inputs) : last.residuals;
        Program program = programs.denoiser(made, s.cancellation());
        List<Tensor> all = new ArrayList<>(inputs.own);
        all.addAll(inputs.steerer.inputs(residuals));
        if (last != null && last.deepFeatures != null) {
            all.add(last.deepFeatures);
        }
        List<Value> taken = program.graph().inputs();
        for (int i = 0; i < all.size(); i++) {
            if (!all.get(i).shape().equals(taken.get(i).shape())) {
                all.set(i, all.get(i).slice(row, row + 1));
            }
        }
        Tensor output = program.run(s.cancellation(), all.toArray(Tensor[]::new));
        if (deep == Deep.KEPT) {
            kept.put(
                    row,
                    new Kept(
                            residuals.stream().map(copy).toList(),
                            copy.apply(program.output(UNetVariant.DEEP_FEATURES))));
        }
        return output;
    }

    /** What ControlNets add to the denoiser's feature maps; nothing without any. */
    private List<Tensor> residuals(Demand made, int row, Inputs inputs) {
        Program program = programs.controlNets(made, s.cancellation());
        ControlNetUse nets = made.controlNets();
        if (program == null || nets == null) {
            return List.of();
        }
        boolean single = made.samples() < inputs.own.getFirst().shape().dim(0);
        if (single && row < inputs.unsteered) {
            return ControlNetUse.noResiduals(program, this::zeros);
        }
        Tensor[] seen = inputs.controlling.stream()
                .map(input -> single ? input.slice(row, row + 1) : input)
                .toArray(Tensor[]::new);
        return nets.residuals(program, inputs.call, plan.calls(), seen, this::zeros, s.cancellation());
    }

    private Tensor zeros(Shape shape) {
        return zeros.computeIfAbsent(shape, wanted -> Latents.zeros(wanted.dims()));
    }
}
