package dev.aquarelle.cli;

import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.checkpoint.FileHashes;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.checkpoint.VaeFile;
import dev.aquarelle.sd.checkpoint.WithPrediction;
import dev.aquarelle.sd.pipeline.EngineOptions;
import dev.aquarelle.sd.pipeline.StableDiffusion;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which model makes pictures, and what is changed of it. */
final class ModelChoice {
    /** What a denoiser may predict. */
    enum Predicted {
        EPSILON,
        V_PREDICTION,
        SAMPLE
    }

    @Option(
            names = {"-m", "--model"},
            paramLabel = "MODEL",
            description =
                    "A model in the layout of diffusers, a checkpoint in one safetensors file, or the name of either"
                            + " (aquarelle models; default: the small demo model).")
    private @Nullable Path model;

    @Option(
            names = "--vae",
            paramLabel = "PATH",
            description = "Another autoencoder for it: a folder, or a safetensors file in the original layout.")
    private @Nullable Path vae;

    @Option(
            names = "--prediction",
            paramLabel = "TYPE",
            description = "What its denoiser predicts, if the file does not tell: ${COMPLETION-CANDIDATES}.")
    private @Nullable Predicted prediction;

    @Option(
            names = "--no-hashes",
            description = "Do not read model files through for the hashes in a picture's parameters.")
    private boolean noHashes;

    /** The user's choice; the demo model if there is none. */
    StableDiffusion load(EngineOptions options) {
        return load(model != null ? ModelRegistry.ofUser().resolve(model) : DemoModel.path(), vae, told(null), options);
    }

    /**
     * The user's choice where there is one, else what a picture's parameters say.
     *
     * @param found finds the model that they name
     * @param foundVae finds the autoencoder that they name, if they name one
     * @param prediction in the parameters, if they have one
     */
    StableDiffusion loadOr(Found found, @Nullable Found foundVae, @Nullable String prediction, EngineOptions options) {
        Path path = model != null ? ModelRegistry.ofUser().resolve(model) : found.path();
        Path other = vae == null && foundVae != null ? foundVae.path() : vae;
        return load(path, other, told(prediction), options);
    }

    /** Finds a file. */
    @FunctionalInterface
    interface Found {
        /**
         * Where it is.
         *
         * @throws IllegalArgumentException if there is none
         */
        Path path();
    }

    private @Nullable String told(@Nullable String otherwise) {
        return prediction == null ? otherwise : prediction.name().toLowerCase(Locale.ROOT);
    }

    private StableDiffusion load(Path path, @Nullable Path vaePath, @Nullable String predicted, EngineOptions options) {
        try {
            ModelSource source = ModelSource.open(path);
            source = vaePath == null ? source : VaeFile.over(source, vaePath);
            source = predicted == null ? source : new WithPrediction(source, predicted);
            return StableDiffusion.load(source, noHashes ? options : options.with(hashes()));
        } catch (IllegalArgumentException e) { // no fault of the command line's: that has been checked
            throw new ModelException("%s: %s".formatted(path, e.getMessage()), e);
        }
    }

    private static FileHashes hashes() {
        return FileHashes.keptIn(ModelRegistry.ofUser().file().resolveSibling("hashes.json"));
    }
}
