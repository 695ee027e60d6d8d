package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.schedulers.SchedulerRun;
import java.util.List;

/**
 * Makes what a run starts from. Noise is drawn in the order of diffusers' pipelines, so that a seed gives their picture.
 *
 * @param model encodes pictures
 * @param run what is started
 * @param shape of the latents {@code [N, h, w, C]}
 * @param noise drawn for all pictures of the batch
 * @param cancellation asked while pictures are encoded
 */
public record Starter(
        DiffusionModel model, SchedulerRun run, Shape shape, NoiseSources noise, Cancellation cancellation) {

    /** Pure noise. */
    public Start ofNoise() {
        return new Start(run.initialLatents(noise.start().next(shape)), null, LatentsEdit.NONE);
    }

    /**
     * A picture under noise (diffusers' {@code StableDiffusionImg2ImgPipeline}).
     *
     * @param picture {@code [1, H, W, 3]}, -1 to 1
     */
    public Start ofImage(Tensor picture) {
        return ofLatents(sampled(picture));
    }

    /** Latents under noise: of pictures made before {@code [N, h, w, C]}, in the denoiser's scale. */
    public Start ofLatents(Tensor original) {
        return new Start(run.addNoise(0, original, noise.start().next(shape)), null, LatentsEdit.NONE);
    }

    /**
     * Pictures under noise, one for each of the batch.
     *
     * @param pictures of the size that the latents are for; one at a time is made a tensor, which is four times as large
     */
    public Start ofImages(List<Image> pictures) {
        Tensor encoded = Latents.concatenated(pictures.stream()
                .map(picture -> model.encodeImage(picture.toTensor(), cancellation))
                .toArray(Tensor[]::new));
        return ofLatents(model.latents(encoded, noise.encoder()));
    }

    /** Latents as another run left them, which this run goes on with. */
    public Start ofUnfinished(Tensor latents) {
        return new Start(latents, null, LatentsEdit.NONE);
    }

    /**
     * A picture under noise, of which a part is painted anew (diffusers' {@code StableDiffusionInpaintPipeline}).
     *
     * @param picture {@code [1, H, W, 3]}, -1 to 1; already as the content wants it
     * @param mask of its pixels {@code [1, H, W, 1]}: 1 where it is painted anew, else 0
     * @param content what that part begins as
     * @param whole whether the run makes all steps and so starts from pure noise, if the part begins as it was
     * @param looks of the denoiser at each picture
     */
    public Start ofInpainting(Tensor picture, Tensor mask, MaskedContent content, boolean whole, int looks) {
        Masking masking = new Masking(mask, model.scale());
        boolean pure = whole && content == MaskedContent.ORIGINAL;
        return model.seesMask()
                ? seeing(picture, masking, content, pure, looks)
                : puttingBack(picture, masking, content, pure);
    }

    private Start seeing(Tensor picture, Masking masking, MaskedContent content, boolean pure, int looks) {
        Tensor mask = Latents.repeated(masking.ofLatents(), shape.dim(0));
        Tensor latents = pure
                ? ofNoise().latents()
                : begun(content, mask, sampled(picture), noise.start().next(shape));
        Tensor around = sampled(masking.blanked(picture));
        Tensor channels = Latents.joined(mask, around);
        return new Start(latents, Latents.repeated(channels, looks), LatentsEdit.NONE);
    }

    private Start puttingBack(Tensor picture, Masking masking, MaskedContent content, boolean pure) {
        Tensor original = sampled(picture);
        Tensor drawn = noise.start().next(shape);
        Tensor mask = Latents.repeated(masking.ofLatents(), shape.dim(0));
        Tensor latents = pure ? run.initialLatents(drawn) : begun(content, mask, original, drawn);
        if (model
                .drawsLatents()) { // of the picture around the mask, which the reference forgets for this kind of model
            noise.encoder().next(shape);
        }
        return new Start(latents, null, (call, painted) -> {
            boolean last = call + 1 == run.count();
            return Masking.blended(mask, painted, last ? original : run.addNoise(call + 1, original, drawn));
        });
    }

    private Tensor begun(MaskedContent content, Tensor mask, Tensor encoded, Tensor drawn) {
        return run.addNoise(0, content.latents(mask, encoded, drawn), drawn);
    }

    /**
     * Pure noise beside a picture that the denoiser sees (diffusers' {@code StableDiffusionInstructPix2PixPipeline}): the likeliest latents of
     * it, not scaled.
     *
     * @param picture {@code [1, H, W, 3]}, -1 to 1
     * @param looks 3 with guidance, the last of which sees none; else 1
     */
    public Start ofInstruction(Tensor picture, int looks) {
        Tensor seen = Latents.repeated(model.likeliest(model.encodeImage(picture, cancellation)), shape.dim(0));
        Tensor none = Latents.zeros(seen.shape().dims());
        Tensor channels = looks == 1 ? seen : Latents.concatenated(seen, seen, none);
        return new Start(run.initialLatents(noise.start().next(shape)), channels, LatentsEdit.NONE);
    }

    /** Latents of a picture in the denoiser's scale, drawn once for each picture of the batch. */
    private Tensor sampled(Tensor picture) {
        Tensor encoded = model.encodeImage(picture, cancellation);
        return model.latents(Latents.repeated(encoded, shape.dim(0)), noise.encoder());
    }
}
