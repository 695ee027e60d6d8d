/** Stable Diffusion: text encoder, denoiser, autoencoder, samplers and the pipeline over them. */
module dev.aquarelle.sd {
    exports dev.aquarelle.sd;
    exports dev.aquarelle.sd.checkpoint;
    exports dev.aquarelle.sd.clip;
    exports dev.aquarelle.sd.control;
    exports dev.aquarelle.sd.image;
    exports dev.aquarelle.sd.inversion;
    exports dev.aquarelle.sd.lora;
    exports dev.aquarelle.sd.nn;
    exports dev.aquarelle.sd.pipeline;
    exports dev.aquarelle.sd.prompt;
    exports dev.aquarelle.sd.schedulers;
    exports dev.aquarelle.sd.unet;
    exports dev.aquarelle.sd.upscale;
    exports dev.aquarelle.sd.vae;

    requires transitive dev.aquarelle.core;
    requires transitive dev.aquarelle.ops;
    requires com.google.gson;
    requires java.desktop;
    requires jdk.management;
    requires static transitive org.jspecify;
}
