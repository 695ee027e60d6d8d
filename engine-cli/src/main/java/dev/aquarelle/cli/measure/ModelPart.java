package dev.aquarelle.cli.measure;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.clip.ClipTextConfig;
import dev.aquarelle.sd.clip.ClipTextModel;
import dev.aquarelle.sd.unet.UNet2DConditionModel;
import dev.aquarelle.sd.unet.UNetConfig;
import dev.aquarelle.sd.unet.UNetInputs;
import dev.aquarelle.sd.vae.AutoencoderKL;
import dev.aquarelle.sd.vae.VaeConfig;
import java.lang.foreign.Arena;

/** A network of a model and the call of it that is measured. */
enum ModelPart {
    /** One prompt of as many tokens as the model takes. */
    TEXT("text encoder") {
        @Override
        Graph graph(ModelSource model, Arena arena, Size size) {
            ClipTextConfig config = ClipTextConfig.of(model.config("text_encoder"));
            ClipTextModel text = ClipTextModel.load(model.weights("text_encoder", arena), config);
            return Graph.of(
                    g -> text.promptEmbeds(g, g.input("input_ids", DType.I32, 1, config.maxPositionEmbeddings()), 0));
        }
    },

    /** A step with guidance, which is a batch of two. */
    UNET("U-Net step") {
        @Override
        Graph graph(ModelSource model, Arena arena, Size size) {
            UNet2DConditionModel unet =
                    UNet2DConditionModel.load(model.weights("unet", arena), UNetConfig.of(model.config("unet")));
            return unet.graph(
                    new UNetInputs.Sizes(2, size.latentHeight(), size.latentWidth(), TOKENS, pooledDim(unet.config())));
        }
    },

    /** One picture. */
    VAE("VAE decode") {
        @Override
        Graph graph(ModelSource model, Arena arena, Size size) {
            AutoencoderKL vae = AutoencoderKL.load(model.weights("vae", arena), VaeConfig.of(model.config("vae")));
            return vae.decoderGraph(1, size.latentHeight(), size.latentWidth());
        }
    };

    private static final int TOKENS = 77;

    private static final int SIZES = 6; // that SDXL's base model is told

    private final String title;

    ModelPart(String title) {
        this.title = title;
    }

    private static int pooledDim(UNetConfig config) {
        UNetConfig.TextTime textTime = config.textTime();
        return textTime == null ? 0 : textTime.inputDim() - SIZES * textTime.timeEmbedDim();
    }

    /** What a table calls it. */
    String title() {
        return title;
    }

    /** Maps the weights and builds the graph of one call. */
    abstract Graph graph(ModelSource model, Arena arena, Size size);

    /**
     * The size of a picture.
     *
     * @param width in pixels
     * @param height in pixels
     * @param scale pixels for each latent, along a side
     */
    record Size(int width, int height, int scale) {
        /**
         * @throws IllegalArgumentException if a side is no multiple of the scale
         */
        Size {
            if (width <= 0 || height <= 0 || width % scale != 0 || height % scale != 0) {
                throw new IllegalArgumentException(
                        "size: expected multiples of %d for this model, found %d x %d".formatted(scale, width, height));
            }
        }

        /** The size that a model was trained on, or the given one if it is not 0. */
        static Size of(ModelSource model, int width, int height) {
            int scale = VaeConfig.of(model.config("vae")).scale();
            if (width != 0) {
                return new Size(width, height, scale);
            }
            UNetConfig unet = UNetConfig.of(model.config("unet"));
            return new Size(unet.sampleWidth() * scale, unet.sampleHeight() * scale, scale);
        }

        int latentWidth() {
            return width / scale;
        }

        int latentHeight() {
            return height / scale;
        }

        @Override
        public String toString() {
            return width + "x" + height;
        }
    }
}
