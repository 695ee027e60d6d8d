package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.sd.control.ControlNetModel;
import dev.aquarelle.sd.control.ControlNets;
import dev.aquarelle.sd.unet.UNetInputs;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * ControlNets with their pictures, for one run.
 *
 * @param nets the models
 * @param pictures one for each net
 * @param guessMode whether only the prompted samples are steered, the outer layers less
 */
public record ControlNetUse(ControlNets nets, List<Picture> pictures, boolean guessMode) {

    /**
     * @throws IllegalArgumentException if there are not as many pictures as nets
     */
    public ControlNetUse {
        pictures = List.copyOf(pictures);
        if (pictures.size() != nets.nets().size()) {
            throw new IllegalArgumentException("ControlNets: expected %d pictures, found %d"
                    .formatted(nets.nets().size(), pictures.size()));
        }
    }

    /**
     * What one net sees.
     *
     * @param pixels {@code [1, H, W, 3]} from 0 to 1
     * @param scale how strongly it counts
     * @param start the part of the steps before it counts
     * @param end the part of the steps after which it counts no longer
     */
    public record Picture(Tensor pixels, double scale, double start, double end) {}

    /** How many of the denoiser's samples the nets see: with guess mode and guidance the prompted half, which is the last. */
    int samples(int all, int looks) {
        return guessMode && looks == 2 ? all / 2 : all;
    }

    Graph graph(UNetInputs.Sizes sizes, int looks) {
        int seen = samples(sizes.batch(), looks);
        return nets.graph(
                new UNetInputs.Sizes(seen, sizes.height(), sizes.width(), sizes.tokens(), sizes.pooledDim()), 1);
    }

    /**
     * What is added to the denoiser's feature maps, in the order of its inputs. Nets that do not count in this call are not run if none does,
     * and run with a scale of 0 otherwise.
     *
     * @param given the denoiser's own inputs, of the sample the latents alone
     * @param zeros of a shape, which nobody writes to
     */
    List<Tensor> residuals(
            Program program,
            int call,
            int calls,
            Tensor[] given,
            Function<Shape, Tensor> zeros,
            Cancellation cancellation) {
        int all = given[0].shape().dim(0);
        int seen = program.graph().inputs().getFirst().shape().dim(0);
        boolean any = pictures.stream().anyMatch(picture -> counts(picture, call, calls));
        if (any) {
            program.run(cancellation, inputs(given, all - seen, call, calls));
        }
        List<Tensor> residuals = new ArrayList<>();
        program.graph().outputs().forEach((name, value) -> {
            int[] whole = value.shape().dims();
            whole[0] = all;
            if (!any) {
                residuals.add(zeros.apply(Shape.of(whole)));
            } else if (seen < all) {
                int[] unseen = whole.clone();
                unseen[0] = all - seen;
                residuals.add(Latents.concatenated(zeros.apply(Shape.of(unseen)), program.output(name)));
            } else {
                residuals.add(program.output(name));
            }
        });
        return residuals;
    }

    /** What is added to the feature maps of samples that are not steered. */
    static List<Tensor> noResiduals(Program program, Function<Shape, Tensor> zeros) {
        return program.graph().outputs().values().stream()
                .map(value -> zeros.apply(value.shape()))
                .toList();
    }

    private Tensor[] inputs(Tensor[] given, int skipped, int call, int calls) {
        List<Tensor> inputs = new ArrayList<>();
        for (Tensor tensor : given) {
            inputs.add(tensor.slice(skipped, tensor.shape().dim(0)));
        }
        for (int i = 0; i < pictures.size(); i++) {
            Picture picture = pictures.get(i);
            ControlNetModel net = nets.nets().get(i);
            inputs.add(picture.pixels());
            inputs.add(net.scales(counts(picture, call, calls) ? (float) picture.scale() : 0, guessMode));
        }
        return inputs.toArray(Tensor[]::new);
    }

    private static boolean counts(Picture picture, int call, int calls) {
        return Control.counts(picture.start(), picture.end(), call, calls);
    }
}
