package dev.aquarelle.cli.measure;

import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.StepEvent;
import dev.aquarelle.sd.pipeline.StableDiffusion;
import dev.aquarelle.sd.pipeline.TextToImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Recording;
import jdk.jfr.StackTrace;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/**
 * What the Flight Recorder saw while a picture was made.
 *
 * @param seconds the picture took, from the request to its pixels
 * @param samplerSteps calls of the denoiser
 * @param steps of all programs, in the order they were executed
 */
record StepRecording(double seconds, int samplerSteps, List<Step> steps) {

    /** The part of the pipeline that a step belongs to. */
    enum Part {
        /** Before the first call of the denoiser. */
        TEXT_ENCODER,
        /** The denoiser's calls. */
        UNET,
        /** After the last one. */
        VAE
    }

    /**
     * An executed step, by the fields of {@link StepEvent}.
     *
     * @param part told by when it ran: steps at a model's top level have an empty scope
     */
    record Step(Part part, String scope, String op, String kernel, String shapes, long flops, long bytes, long nanos) {}

    /** Stands in the recording between the steps of a denoiser's call and what follows. */
    @Name("aquarelle.DenoiserCall")
    @Label("Denoiser call")
    @Category("Aquarelle")
    @StackTrace(false)
    static final class DenoiserCall extends Event {}

    /** Makes the picture of a request under the Flight Recorder. */
    static StepRecording of(StableDiffusion engine, TextToImage request, Cancellation cancellation) throws IOException {
        Path file = Files.createTempFile("aquarelle", ".jfr");
        try (Recording recording = new Recording()) {
            recording.enable(StepEvent.class).withoutThreshold();
            recording.enable(DenoiserCall.class).withoutThreshold();
            recording.start();
            long start = System.nanoTime();
            engine.generate(request, _ -> new DenoiserCall().commit(), cancellation);
            double seconds = (System.nanoTime() - start) / 1e9;
            recording.stop();
            recording.dump(file);
            return read(file, seconds);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static StepRecording read(Path file, double seconds) throws IOException {
        List<RecordedEvent> events = new ArrayList<>(RecordingFile.readAllEvents(file).stream()
                .filter(e -> isOf(StepEvent.class, e) || isOf(DenoiserCall.class, e))
                .toList());
        events.sort(Comparator.comparing(RecordedEvent::getEndTime));
        int calls =
                (int) events.stream().filter(e -> isOf(DenoiserCall.class, e)).count();
        List<Step> steps = new ArrayList<>();
        int done = 0;
        Part part = Part.TEXT_ENCODER;
        for (RecordedEvent event : events) {
            if (isOf(DenoiserCall.class, event)) {
                done++;
                part = done == calls ? Part.VAE : Part.UNET;
                continue;
            }
            String scope = event.getString("scope");
            if (part == Part.TEXT_ENCODER && !isOfTextEncoder(scope)) {
                part = Part.UNET;
            }
            steps.add(new Step(
                    part,
                    scope,
                    event.getString("op"),
                    event.getString("kernel"),
                    event.getString("shapes"),
                    event.getLong("flops"),
                    event.getLong("bytes"),
                    event.getDuration().toNanos()));
        }
        return new StepRecording(seconds, calls, List.copyOf(steps));
    }

    private static boolean isOf(Class<? extends Event> type, RecordedEvent event) {
        return event.getEventType()
                .getName()
                .equals(type.getAnnotation(Name.class).value());
    }

    /** The names of CLIP's parts; no denoiser has such. */
    private static boolean isOfTextEncoder(String scope) {
        return scope.startsWith("embeddings") || scope.startsWith("encoder.") || scope.startsWith("final_layer_norm");
    }
}
