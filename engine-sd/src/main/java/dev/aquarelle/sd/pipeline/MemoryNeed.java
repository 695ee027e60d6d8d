package dev.aquarelle.sd.pipeline;

/**
 * What a request takes in memory, known before anything is made. Weights are mapped from their files and not copied: the system reads their
 * pages when they are needed and drops them when something else needs the room, so they are not counted against a limit.
 *
 * @param textEncoders bytes of the text encoders' programs
 * @param denoiser bytes of the denoiser's program, of ControlNets beside it too
 * @param decoder bytes of the decoder's program
 * @param encoder bytes of the encoder's program; 0 for requests that start from no picture
 * @param adapters bytes of the largest program of adapters and image encoders that steer it; 0 if there are none
 * @param preview bytes of the decoder of previews; 0 if there is none, or no room for it
 * @param copies bytes of weights that LoRAs and words of embeddings make of the model's, which are there all the time
 * @param sharing how the programs share the memory
 * @param vaeTile height and width of the autoencoder's tiles in latents; 0 if it takes the picture whole
 * @param peak the most that all programs together take at a time, in bytes
 * @param heap what latents and pictures take in the Java heap at most, in bytes
 * @param weights bytes of the mapped weights
 * @param least the smallest limit of programs' memory under which the request would be made too, in bytes, perhaps in smaller parts
 */
public record MemoryNeed(
        long textEncoders,
        long denoiser,
        long decoder,
        long encoder,
        long adapters,
        long preview,
        long copies,
        Sharing sharing,
        int vaeTile,
        long peak,
        long heap,
        long weights,
        long least) {

    /** Of one pass or another, whichever takes more at a time, with what is enough for both. */
    MemoryNeed or(MemoryNeed other) {
        MemoryNeed larger = other.peak > peak ? other : this;
        return larger.with(larger.peak, Math.max(heap, other.heap), larger.weights, Math.max(least, other.least));
    }

    /** With another program that runs while there are none but the text encoders'. */
    MemoryNeed or(long program) {
        long both = program == 0 ? 0 : textEncoders + copies + program;
        return with(Math.max(peak, both), heap, weights, Math.max(least, both));
    }

    /** With other weights. */
    MemoryNeed withWeights(long bytes) {
        return with(peak, heap, bytes, least);
    }

    private MemoryNeed with(long otherPeak, long otherHeap, long otherWeights, long otherLeast) {
        return new MemoryNeed(
                textEncoders,
                denoiser,
                decoder,
                encoder,
                adapters,
                preview,
                copies,
                sharing,
                vaeTile,
                otherPeak,
                otherHeap,
                otherWeights,
                otherLeast);
    }

    /** How programs share the memory. */
    public enum Sharing {
        /** All are there at once. */
        TOGETHER,
        /** Each is made when its turn comes, in the place of the one before. */
        ONE_AT_A_TIME,
        /** The denoiser moreover looks at one picture at a time, and with guidance once at a time. The picture is the same. */
        ONE_LOOK_AT_A_TIME
    }
}
