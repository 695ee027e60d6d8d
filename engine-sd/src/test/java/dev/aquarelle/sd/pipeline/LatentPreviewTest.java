package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.Sines;
import dev.aquarelle.sd.checkpoint.ModelFolder;
import dev.aquarelle.sd.image.Image;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The colors of latents are those of the decoder, whatever autoencoder it is of. */
class LatentPreviewTest {
    private static final int SCALE = 8;
    private static final double LEAST_CORRELATION = 0.95;

    /** Colors as weighted sums of the channels, of known weights. */
    private static Tensor decoded(Tensor latents, Tensor weights) {
        int side = latents.shape().dim(1) * SCALE;
        int channels = latents.shape().last();
        float[] picture = new float[side * side * 3];
        for (int i = 0; i < picture.length; i++) {
            long latent = (long) (i / 3 / side / SCALE) * latents.shape().dim(2) + i / 3 % side / SCALE;
            float sum = weights.getFloat((long) (i % 3) * (channels + 1) + channels);
            for (int c = 0; c < channels; c++) {
                sum += weights.getFloat((long) (i % 3) * (channels + 1) + c) * latents.getFloat(latent * channels + c);
            }
            picture[i] = sum;
        }
        return Tensor.of(picture, 1, side, side, 3);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 16}) // Stable Diffusion and SDXL; Stable Diffusion 3
    void theWeightsOfALinearDecoderAreFound(int channels) {
        Tensor weights = Sines.input(0.4, 0.1, 3, channels + 1);

        LatentPreview fit = LatentPreview.fit(channels, latents -> decoded(latents, weights));

        for (int color = 0; color < 3; color++) {
            double[] expected = new double[channels + 1];
            for (int c = 0; c <= channels; c++) {
                expected[c] = weights.getFloat((long) color * (channels + 1) + c);
            }
            assertThat(fit.weights(color)).containsExactly(expected, within(1e-3));
        }
    }

    @Test
    void aPreviewGoesWithThePictureOfTheDemoModel() {
        List<Image> previews = new ArrayList<>();
        List<Tensor> latents = new ArrayList<>();
        Image owl;
        try (StableDiffusion engine = StableDiffusion.load(DemoModel.path())) {
            TextToImage request = TextToImage.builder("an owl").steps(8).seed(7).build();
            owl = engine.generate(request, progress -> {
                        if (progress.step() == progress.steps()) {
                            previews.addAll(progress.preview());
                            latents.add(Latents.concatenated(progress.predOriginalSample())); // a copy
                        }
                    })
                    .getFirst()
                    .image();
        }
        Image wrong = preview(latents.getFirst(), LatentPreviewTest::rolled);

        assertThat(previews).containsExactly(preview(latents.getFirst(), UnaryOperator.identity()));
        assertThat(correlations(owl, previews.getFirst())).allMatch(correlation -> correlation > LEAST_CORRELATION);
        assertThat(correlations(owl, wrong)).allMatch(correlation -> correlation < LEAST_CORRELATION);
    }

    /** By a fit to the demo model's decoder, of latents that are changed before it sees them. */
    private static Image preview(Tensor latents, UnaryOperator<Tensor> change) {
        try (Backend backend = Backends.open("cpu", BackendOptions.DEFAULT);
                DiffusionModel model =
                        new DiffusionModel(new ModelFolder(DemoModel.path()), backend, MemoryBudget.UNLIMITED)) {
            LatentPreview fit = LatentPreview.fit(latents.shape().last(), patches -> {
                List<Tensor> decoded = new ArrayList<>();
                model.decode(change.apply(patches), Cancellation.NEVER, picture -> decoded.add(picture));
                return decoded.getFirst();
            });
            return fit.of(latents).getFirst();
        }
    }

    /** Each channel in the place of the next one. */
    private static Tensor rolled(Tensor latents) {
        float[] values = latents.toFloatArray();
        float[] rolled = new float[values.length];
        int channels = latents.shape().last();
        for (int i = 0; i < values.length; i++) {
            rolled[i / channels * channels + (i + 1) % channels] = values[i];
        }
        return Tensor.of(rolled, latents.shape().dims());
    }

    /** Pearson's, of each color of a preview and the means of the picture's squares. */
    private static List<Double> correlations(Image picture, Image preview) {
        return IntStream.of(16, 8, 0)
                .mapToObj(shift -> {
                    int count = preview.width() * preview.height();
                    double[] x = new double[count];
                    double[] y = new double[count];
                    for (int i = 0; i < count; i++) {
                        int left = i % preview.width();
                        int top = i / preview.width();
                        for (int j = 0; j < SCALE * SCALE; j++) {
                            x[i] += picture.pixel(left * SCALE + j % SCALE, top * SCALE + j / SCALE) >> shift & 0xFF;
                        }
                        y[i] = preview.pixel(left, top) >> shift & 0xFF;
                    }
                    return correlation(x, y);
                })
                .toList();
    }

    private static double correlation(double[] x, double[] y) {
        double meanX = Arrays.stream(x).average().orElseThrow();
        double meanY = Arrays.stream(y).average().orElseThrow();
        double xy = 0;
        double xx = 0;
        double yy = 0;
        for (int i = 0; i < x.length; i++) {
            xy += (x[i] - meanX) * (y[i] - meanY);
            xx += (x[i] - meanX) * (x[i] - meanX);
            yy += (y[i] - meanY) * (y[i] - meanY);
        }
        return xy / Math.sqrt(xx * yy);
    }
}
