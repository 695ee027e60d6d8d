package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.sd.clip.ClipVisionModel;
import dev.aquarelle.sd.control.ControlNets;
import dev.aquarelle.sd.control.T2IAdapter;
import dev.aquarelle.sd.control.T2IAdapters;
import dev.aquarelle.sd.image.ClipImage;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.unet.Steering;
import dev.aquarelle.sd.unet.UNetInputs;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Makes of a request's pictures what steers the denoiser; what adapters say of them is computed here, once.
 *
 * @param addOns open
 */
record Steersman(DiffusionModel model, OpenAddOns addOns, Cancellation cancellation) {

    /**
     * Compares what steers with the model and the request.
     *
     * @throws dev.aquarelle.sd.ModelException if a ControlNet or an adapter is made for another kind of denoiser
     * @throws IllegalArgumentException if a picture is of another size than the request's
     */
    static void requireFit(SettledRequest s, DiffusionModel model, OpenAddOns addOns) {
        if (addOns.controlNets() != null) {
            addOns.controlNets().requireFit(model.unetConfig(), model.where());
        }
        if (addOns.adapters() != null) {
            addOns.adapters().requireFit(model.unetConfig(), model.where());
        }
        AddOns asked = s.text().addOns();
        if (addOns.controlNets() != null
                && guesses(addOns.controlNets(), asked)
                && s.guidance() instanceof ComposedGuidance) {
            throw new IllegalArgumentException(
                    "guess mode: expected a prompt of one part, found one of parts with AND between them or a weight"
                            + " behind it");
        }
        asked.controlNets().forEach(control -> requireSize(control.image(), s));
        asked.adapters().forEach(adapter -> requireSize(adapter.image(), s));
        if (!asked.imagePrompts().isEmpty()
                && s.guidance() instanceof InstructGuidance
                && s.guidance().looks() > 1) {
            throw new IllegalArgumentException("image prompt: expected a model for texts, found one for instructions");
        }
    }

    private static void requireSize(Image image, SettledRequest s) {
        if (image.width() != s.width() || image.height() != s.height()) {
            throw new IllegalArgumentException(
                    "control: expected a picture of %d x %d pixels as the request, found %d x %d"
                            .formatted(s.width(), s.height(), image.width(), image.height()));
        }
    }

    /** The ControlNets alone, which need nothing computed before. */
    @Nullable
    ControlNetUse controlNets(AddOns asked) {
        ControlNets nets = addOns.controlNets();
        return nets == null
                ? null
                : new ControlNetUse(
                        nets,
                        asked.controlNets().stream()
                                .map(control -> new ControlNetUse.Picture(
                                        control.image().toUnitTensor(),
                                        control.scale(),
                                        control.start(),
                                        control.end()))
                                .toList(),
                        guesses(nets, asked));
    }

    /** Nets that give a mean over the picture are run as in guess mode, whatever is asked, as in diffusers. */
    private static boolean guesses(ControlNets nets, AddOns asked) {
        return asked.guessMode()
                || nets.nets().stream().anyMatch(net -> net.config().globalPoolConditions());
    }

    /** Which inputs the denoiser's graph has, known before anything is computed. */
    Steering.Kinds kinds(SettledRequest s) {
        List<ImagePrompt> prompts = s.text().addOns().imagePrompts();
        List<Integer> tokens = new ArrayList<>();
        for (ImagePrompt prompt : prompts) {
            int index = tokens.size();
            tokens.add(prompt.images().size() * addOns.imageAdapter(index).tokens(addOns.imageEncoder(index)));
        }
        return new Steering.Kinds(
                addOns.controlNets() != null,
                addOns.adapters() == null ? 0 : addOns.adapters().features(),
                tokens);
    }

    /**
     * What steers a run.
     *
     * @param height of the latents
     * @param width of the latents
     * @param calls of the denoiser
     */
    Steerer of(SettledRequest s, int height, int width, int calls) {
        AddOns asked = s.text().addOns();
        return new Steerer(controlNets(asked), features(s, height, width, calls), images(s));
    }

    /** In each call, computed once for all calls in which the same adapters count. */
    private List<List<Tensor>> features(SettledRequest s, int height, int width, int calls) {
        T2IAdapters adapters = addOns.adapters();
        if (adapters == null) {
            return List.of();
        }
        List<Control> controls = s.text().addOns().adapters();
        Map<List<Double>, List<Tensor>> made = new HashMap<>();
        return IntStream.range(0, calls)
                .mapToObj(call -> made.computeIfAbsent(
                        controls.stream()
                                .map(control -> control.scaleIn(call, calls))
                                .toList(),
                        scales -> features(adapters, s, height, width, scales)))
                .toList();
    }

    private List<Tensor> features(T2IAdapters adapters, SettledRequest s, int height, int width, List<Double> scales) {
        List<Tensor> inputs = new ArrayList<>();
        for (int i = 0; i < scales.size(); i++) {
            Image image = s.text().addOns().adapters().get(i).image();
            T2IAdapter adapter = adapters.adapters().get(i);
            inputs.add(adapter.config().inChannels() == 1 ? image.toGrayTensor() : image.toUnitTensor());
            inputs.add(Tensor.of(new float[] {scales.get(i).floatValue()}, 1));
        }
        return model.once(graph(adapters, s, height, width), "the T2I-Adapters", cancellation, inputs);
    }

    private static Graph graph(T2IAdapters adapters, SettledRequest s, int height, int width) {
        return adapters.graph(new UNetInputs.Sizes(s.samples(), height, width, 1), 1);
    }

    private List<Steerer.ImageTokens> images(SettledRequest s) {
        List<Steerer.ImageTokens> images = new ArrayList<>();
        for (ImagePrompt prompt : s.text().addOns().imagePrompts()) {
            ClipVisionModel encoder = addOns.imageEncoder(images.size());
            Tensor pixels = Latents.concatenated(prompt.images().stream()
                    .map(image -> ClipImage.pixelValues(image, encoder.config().imageSize()))
                    .toArray(Tensor[]::new));
            Tensor tokens = model.once(imageGraph(s, images.size()), "the image encoder", cancellation, List.of(pixels))
                    .getFirst();
            images.add(new Steerer.ImageTokens(tokens, prompt.scale()));
        }
        return images;
    }

    private Graph imageGraph(SettledRequest s, int index) {
        int images = s.text().addOns().imagePrompts().get(index).images().size();
        int negatives = s.guidance().negatives() * s.batch();
        return addOns.imageAdapter(index).graph(addOns.imageEncoder(index), images, negatives, s.samples() - negatives);
    }

    /** The graphs that {@link #of} runs, each once. */
    List<Graph> graphs(SettledRequest s, int height, int width) {
        List<Graph> graphs = new ArrayList<>();
        if (addOns.adapters() != null) {
            graphs.add(graph(addOns.adapters(), s, height, width));
        }
        for (int i = 0; i < s.text().addOns().imagePrompts().size(); i++) {
            graphs.add(imageGraph(s, i));
        }
        return graphs;
    }
}
