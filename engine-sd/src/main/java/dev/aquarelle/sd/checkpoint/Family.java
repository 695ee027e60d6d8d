package dev.aquarelle.sd.checkpoint;

import dev.aquarelle.core.safetensors.Weights;

/** The families of models that come as one file, and what their tensors do not tell. */
enum Family {
    SD1("Stable Diffusion 1", 64, 0.18215),
    SD2("Stable Diffusion 2", 64, 0.18215),
    SDXL("SDXL", 128, 0.13025),
    SDXL_REFINER("SDXL's refiner", 128, 0.13025);

    private static final String FIRST = "conditioner.embedders.0.";
    private static final String SECOND = "conditioner.embedders.1.";

    private final String title;
    private final int sampleSize;
    private final double scalingFactor;

    Family(String title, int sampleSize, double scalingFactor) {
        this.title = title;
        this.sampleSize = sampleSize;
        this.scalingFactor = scalingFactor;
    }

    /**
     * The family of a checkpoint in LDM layout: SDXL's denoisers take sizes beside the text, the refiner has OpenCLIP's text encoder alone; of
     * the others the text encoder tells, or if there is none the projections of the denoiser's transformers, matrices since version 2.
     */
    static Family of(Weights file) {
        Weights unet = file.at(LdmUNet.PREFIX);
        if (unet.hasPart("label_emb")) {
            return file.hasPart(FIRST + "model.transformer") && !file.hasPart(SECOND + "model") ? SDXL_REFINER : SDXL;
        }
        if (file.hasPart("cond_stage_model.model") || file.hasPart(FIRST + "model")) {
            return SD2;
        }
        if (file.hasPart("cond_stage_model.transformer")) {
            return SD1;
        }
        return unet.names().stream()
                        .anyMatch(name -> name.endsWith(".1.proj_in.weight")
                                && unet.info(name).shape().rank() == 2)
                ? SD2
                : SD1;
    }

    /** What texts call it. */
    String title() {
        return title;
    }

    boolean isXl() {
        return this == SDXL || this == SDXL_REFINER;
    }

    /** Side of the latents that the family was trained at; 96 in version 2 where the model predicts v. */
    int sampleSize(boolean predictsV) {
        return this == SD2 && predictsV ? 96 : sampleSize;
    }

    /** What the autoencoder's latents are multiplied by for the denoiser. */
    double scalingFactor() {
        return scalingFactor;
    }

    /** Where the tensors of a text encoder are, without the last dot; empty if the family has none of this name. */
    String textEncoder(String part, Weights file) {
        return switch (this) {
            case SD1, SD2 ->
                !part.equals("text_encoder")
                        ? ""
                        : file.hasPart("conditioner.embedders.0") ? "conditioner.embedders.0" : "cond_stage_model";
            case SDXL -> part.equals("text_encoder") ? "conditioner.embedders.0" : "conditioner.embedders.1";
            case SDXL_REFINER -> part.equals("text_encoder_2") ? "conditioner.embedders.0" : "";
        };
    }
}
