package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.LongStream;

/**
 * How the programs of a request fit into a limit, as {@link Programs#prepare} tries it.
 *
 * @param textEncoders bytes of their programs, which stay
 * @param denoiser bytes of the denoiser and the ControlNets beside it, for all looks at all pictures together
 * @param single bytes of them for one look at one picture
 * @param adapters bytes of each program that runs once before the denoiser, the autoencoder's encoder not among them
 * @param preview bytes of the preview's decoder, which is left out where it does not fit; 0 for none
 * @param tiles of the autoencoder
 */
record MemoryFit(long textEncoders, long denoiser, long single, List<Long> adapters, long preview, VaeTiles tiles) {

    /** How programs share the memory. */
    MemoryNeed.Sharing sharing(int tile, MemoryBudget limit) {
        long decoder = tiles.decoder(tile).total();
        if (textEncoders + denoiser + decoder <= limit.bytes()) {
            return MemoryNeed.Sharing.TOGETHER;
        }
        return textEncoders + denoiser <= limit.bytes()
                ? MemoryNeed.Sharing.ONE_AT_A_TIME
                : MemoryNeed.Sharing.ONE_LOOK_AT_A_TIME;
    }

    /** The most that programs take at a time. */
    long peak(int tile, MemoryBudget limit) {
        long decoder = tiles.decoder(tile).total();
        long denoising = denoising(tile, limit);
        boolean together = sharing(tile, limit) == MemoryNeed.Sharing.TOGETHER;
        long most = textEncoders + (together ? denoising + decoder : Math.max(denoising, decoder));
        for (long once : once(tile)) {
            most = Math.max(most, beside(once, tile, limit).orElse(textEncoders + once));
        }
        return Math.max(most, preview(tile, limit));
    }

    private long denoising(int tile, MemoryBudget limit) {
        return sharing(tile, limit) == MemoryNeed.Sharing.ONE_LOOK_AT_A_TIME ? single : denoiser;
    }

    /** Programs that run once, with those that may wait beside them: as many as the limit holds. */
    private OptionalLong beside(long once, int tile, MemoryBudget limit) {
        long denoising = denoising(tile, limit);
        boolean together = sharing(tile, limit) == MemoryNeed.Sharing.TOGETHER;
        long decoder = together ? tiles.decoder(tile).total() : 0;
        return LongStream.of(denoising + decoder, denoising, 0)
                .map(bytes -> textEncoders + bytes + once)
                .filter(bytes -> bytes <= limit.bytes())
                .findFirst();
    }

    /** The most that programs take while there are previews by a decoder of their own; 0 if there are none. */
    long preview(int tile, MemoryBudget limit) {
        if (preview == 0) {
            return 0;
        }
        long beside = beside(preview, tile, limit).orElse(0);
        return beside < textEncoders + denoising(tile, limit) + preview ? 0 : beside; // the denoiser is at work
    }

    private List<Long> once(int tile) {
        return LongStream.concat(
                        LongStream.of(tiles.encoder(tile)), adapters.stream().mapToLong(Long::longValue))
                .boxed()
                .toList();
    }

    /** The largest of {@link #adapters}; 0 if there are none. */
    long largestAdapter() {
        return adapters.stream().mapToLong(Long::longValue).max().orElse(0);
    }

    /** The smallest limit under which the request is made, in some way that it allows. */
    long least(VaeTiling asked) {
        long least = Long.MAX_VALUE;
        long floor = textEncoders + Math.max(largestAdapter(), Math.min(single, denoiser));
        List<Integer> choices = tiles.choices(asked);
        for (int tile : choices) {
            long programs = textEncoders + Math.max(tiles.decoder(tile).total(), tiles.encoder(tile));
            long limit = Math.max(floor, programs);
            if (tile != choices.getLast()) {
                limit = Math.max(limit, tiles.leastLimit(tile));
            }
            if (asked.mode() != VaeTiling.Mode.AUTO || tiles.settle(asked, new MemoryBudget(limit)) == tile) {
                least = Math.min(least, limit);
            }
            if (programs <= floor) {
                break; // smaller tiles would change nothing
            }
        }
        return least;
    }
}
