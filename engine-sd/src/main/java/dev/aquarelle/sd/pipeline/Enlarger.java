package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.PictureFit;
import dev.aquarelle.sd.upscale.UpscaleListener;
import dev.aquarelle.sd.upscale.Upscaler;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Enlarges what the first pass of a {@link HiresFix} made to what its second begins with. */
final class Enlarger implements AutoCloseable {
    /** A network that does not get there in so many rounds leaves the rest to Lanczos' filter, as in the web UI. */
    private static final int MOST_ROUNDS = 3;

    private final OpenModel open;
    private final SettledRequest small;
    private final SettledRequest large;
    private final HiresUpscaler how;
    private final @Nullable Upscaler network;
    private final Cancellation cancellation;

    /**
     * Opens what it takes.
     *
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if the network's file is broken or holds none
     */
    Enlarger(OpenModel open, SettledRequest small, SettledRequest large, HiresUpscaler how, Cancellation cancellation) {
        this.open = open;
        this.small = small;
        this.large = large;
        this.how = how;
        this.cancellation = cancellation;
        MemoryBudget budget = open.budget().minus(open.model().textEncoderMemory());
        this.network =
                how instanceof HiresUpscaler.Network file ? Upscaler.load(file.file(), open.backend(), budget) : null;
    }

    /**
     * Finds out whether a network's program fits; it is run when those of the model are not there.
     *
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if it does not
     */
    void requireMemory() {
        if (network != null) {
            open.model().release();
            int times = lastInput(network);
            network.requireMemory(times * small.width(), times * small.height(), cancellation);
        }
    }

    /**
     * What a network's program takes, without making it; 0 if there is none.
     *
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if that is more than it may
     */
    long memory() {
        if (network == null) {
            return 0;
        }
        int times = lastInput(network);
        return network.memory(times * small.width(), times * small.height());
    }

    /** How much larger than the small picture the last one is that the network is given, the largest that it has to work on. */
    private int lastInput(Upscaler by) {
        int times = 1;
        for (int round = 1; round < MOST_ROUNDS && by.scale() > 1 && !covers(times * by.scale()); round++) {
            times *= by.scale();
        }
        return times;
    }

    private boolean covers(int times) {
        return times * small.width() >= large.width() && times * small.height() >= large.height();
    }

    /** Where the second pass begins. */
    Start enlarged(Tensor latents, Starter starter) {
        return switch (how) {
            case HiresUpscaler.Latent by -> starter.ofLatents(covering(by.filter(), latents));
            case HiresUpscaler.Pixels by ->
                starter.ofImages(fitted(
                        decoded(latents),
                        picture -> PictureFit.CROP.fit(picture, large.width(), large.height(), by.filter())));
            case HiresUpscaler.Network _ -> starter.ofImages(fitted(decodedForNetwork(latents), this::byNetwork));
        };
    }

    /** The latents, large enough to cover the result, and the middle of them. */
    private Tensor covering(LatentResize filter, Tensor latents) {
        int scale = open.model().scale();
        int width = large.width();
        int height = large.height();
        boolean isWider = (long) width * small.height() > (long) small.width() * height;
        int coveringWidth = isWider ? width : (int) ((long) height * small.width() / small.height());
        int coveringHeight = isWider ? (int) ((long) width * small.height() / small.width()) : height;
        Tensor covering = filter.resize(latents, coveringHeight / scale, coveringWidth / scale);
        return Latents.cut(
                covering,
                (coveringHeight - height) / scale / 2,
                (coveringWidth - width) / scale / 2,
                height / scale,
                width / scale);
    }

    private List<Image> decoded(Tensor latents) {
        List<Image> pictures = new ArrayList<>();
        open.model().decode(latents, cancellation, picture -> pictures.add(Image.fromTensor(picture)));
        return pictures;
    }

    private List<Image> decodedForNetwork(Tensor latents) {
        List<Image> pictures = decoded(latents);
        open.model().release(); // to make room; the second pass is of another size anyway
        return pictures;
    }

    /** Each large picture in the place of its small one, which is let go. */
    private static List<Image> fitted(List<Image> pictures, UnaryOperator<Image> fit) {
        pictures.replaceAll(fit);
        return pictures;
    }

    private Image byNetwork(Image picture) {
        if (network == null) {
            throw new IllegalStateException("there is no network");
        }
        int last = lastInput(network) * picture.width();
        Image grown = picture;
        do {
            grown = network.upscale(grown, UpscaleListener.NONE, cancellation);
        } while (grown.width() <= last && network.scale() > 1);
        return PictureFit.CROP.fit(grown, large.width(), large.height());
    }

    /** Frees the network's program, so that there is room for the second pass. */
    void release() {
        if (network != null) {
            network.release();
        }
    }

    @Override
    public void close() {
        if (network != null) {
            network.close();
        }
    }
}
