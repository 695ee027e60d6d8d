package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import java.util.List;
import java.util.stream.LongStream;

/**
 * How the programs of a request fit into a limit, as {@link Programs#prepare} tries it.
 *
 * @param textEncoders bytes of their programs, which stay
 * @param denoiser bytes of the denoiser and the ControlNets beside it, for all looks at all pictures together
 * @param single bytes of them for one look at one picture
 * @param tiles of the autoencoder
 */
record MemoryFit(long textEncoders, long denoiser, long single, VaeTiles tiles) {

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
        MemoryNeed.Sharing sharing = sharing(tile, limit);
        long decoder = tiles.decoder(tile).total();
        long encoder = tiles.encoder(tile);
        long denoising = sharing == MemoryNeed.Sharing.ONE_LOOK_AT_A_TIME ? single : denoiser;
        boolean together = sharing == MemoryNeed.Sharing.TOGETHER;
        long working = textEncoders + (together ? denoising + decoder : Math.max(denoising, decoder));
        if (encoder == 0) {
            return working;
        }
        long beside = LongStream.of(together ? denoising + decoder : denoising, denoising, 0)
                .map(bytes -> textEncoders + bytes + encoder)
                .filter(bytes -> bytes <= limit.bytes())
                .findFirst()
                .orElse(textEncoders + encoder);
        return Math.max(working, beside);
    }

    /** The smallest limit under which the request is made, in some way that it allows. */
    long least(VaeTiling asked) {
        long least = Long.MAX_VALUE;
        long floor = textEncoders + Math.min(single, denoiser);
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
