package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Value;
import java.util.ArrayList;
import java.util.List;

/**
 * The calls of the denoiser in one run: all looks at all pictures together or, where the memory does not hold that, one after the other,
 * which gives the same numbers.
 *
 * @param demand what the programs are made for: as many samples as there are, or one
 */
record Denoising(Programs programs, Programs.Demand demand, Sampling s) {

    /**
     * What the denoiser says of samples.
     *
     * @param sample {@code [N, h, w, C]}, a row for each look at each picture
     * @param timesteps {@code [N]}
     * @return {@code [N, h, w, C]}; perhaps a view that the next call overwrites
     */
    Tensor predict(int call, Tensor sample, Tensor timesteps) {
        Conditioning told = s.conditioning().at(call);
        List<Tensor> inputs = told.inputs(sample, timesteps);
        List<Tensor> controlling = told.forControl().inputs(sample, timesteps);
        int samples = sample.shape().dim(0);
        if (samples == demand.samples()) {
            return look(0, inputs, residuals(call, controlling));
        }
        ControlNetUse nets = s.steerer().controlNets();
        int unsteered =
                nets == null ? 0 : samples - nets.samples(samples, s.guidance().looks());
        Tensor[] predictions = new Tensor[samples];
        for (int n = 0; n < samples; n++) {
            List<Tensor> residuals = n < unsteered ? none() : residuals(call, only(n, controlling));
            predictions[n] = Latents.concatenated(look(n, inputs, residuals)); // copies it
        }
        return Latents.concatenated(predictions);
    }

    /** Operations of a call for so many samples; those of ControlNets are not counted. */
    double flops(int samples) {
        return Pace.flops(programs.denoiser(demand).graph()) * samples / demand.samples();
    }

    /** One run of the program, which takes the n-th row of inputs that have more than it takes. */
    private Tensor look(int n, List<Tensor> inputs, List<Tensor> residuals) {
        Program program = programs.denoiser(demand);
        List<Tensor> all = new ArrayList<>(inputs);
        all.addAll(s.steerer().inputs(residuals));
        List<Value> taken = program.graph().inputs();
        for (int i = 0; i < all.size(); i++) {
            if (!all.get(i).shape().equals(taken.get(i).shape())) {
                all.set(i, all.get(i).slice(n, n + 1));
            }
        }
        return program.run(s.cancellation(), all.toArray(Tensor[]::new));
    }

    private static List<Tensor> only(int n, List<Tensor> inputs) {
        return inputs.stream().map(input -> input.slice(n, n + 1)).toList();
    }

    /** What ControlNets add to the denoiser's feature maps; nothing without any. */
    private List<Tensor> residuals(int call, List<Tensor> inputs) {
        Program program = programs.controlNets(demand);
        ControlNetUse nets = s.steerer().controlNets();
        return program == null || nets == null
                ? List.of()
                : nets.residuals(program, call, s.run().count(), inputs.toArray(Tensor[]::new), s.cancellation());
    }

    private List<Tensor> none() {
        Program program = programs.controlNets(demand);
        return program == null ? List.of() : ControlNetUse.noResiduals(program);
    }
}
