package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.ProductOp;

/**
 * What a {@link WinogradStep} computes, and how its work and its memory are divided.
 *
 * @param image [N, H, W, C]
 * @param result [N, H', W', O]
 */
record WinogradGeometry(ProductOp.Conv2d conv, Shape image, Shape result) {
    /** Tiles that are multiplied at a time. */
    static final int TILES = 48;

    /** Half of a product's: the weights of a narrow block take 368 KiB then, or 1.4 MiB with vectors of 512 bits. */
    private static final int K_BLOCK = PanelProduct.K_BLOCK / 2;

    private static final int WIDE = WinogradKernels.CHANNELS;

    /** A tile's: so few that their transformed weights are still in the second-level cache when they are multiplied. */
    private static final int NARROW = GemmKernel.PANEL;

    private static final int POSITIONS = WinogradKernels.POSITIONS;

    int tilesAcross() {
        return Math.ceilDiv(result.dim(2), WinogradKernels.OUT);
    }

    int tilesOfSample() {
        return Math.ceilDiv(result.dim(1), WinogradKernels.OUT) * tilesAcross();
    }

    int tiles() {
        return image.dim(0) * tilesOfSample();
    }

    int channels() {
        return image.last();
    }

    /** Channels that are summed at a time: part of the contract, it fixes the bits. */
    int kBlock() {
        return PanelProduct.blockOf(channels(), K_BLOCK);
    }

    /** Outputs of a block, whose weights are transformed at a time. */
    int outputs() {
        return tiles() > TILES ? WIDE : NARROW;
    }

    /** Numbers of an output's weights that are taken at a time: few where the outputs are as many as {@link #WIDE}. */
    int pieceOfWeights() {
        return outputs() == WIDE ? WeightPanels.PIECE : WeightPanels.LONG_PIECE;
    }

    int blocks() {
        return Math.ceilDiv(result.last(), outputs());
    }

    /** Outputs of a block and the padding behind them. */
    int width(int block) {
        return GemmKernel.padded(Math.min(outputs(), result.last() - block * outputs()));
    }

    boolean weightsFirst() {
        return Math.ceilDiv(result.last(), WIDE) * WIDE <= tiles();
    }

    /** Tiles that a task computes. */
    int tilesATask() {
        return weightsFirst() ? TILES : tiles();
    }

    /** Blocks of outputs that a task computes. */
    int blocksATask() {
        return weightsFirst() ? blocks() : 1;
    }

    long tileBytes(int tiles) {
        return 4L * POSITIONS * GemmKernel.paddedRows(tiles) * channels();
    }

    long blockBytes(int channels) {
        return 4L * POSITIONS * channels * outputs();
    }

    /** Where the threads' own parts of the scratch memory begin: behind what they share. */
    long sharedBytes() {
        return weightsFirst() ? blocks() * blockBytes(channels()) : tileBytes(tiles());
    }

    /** What each thread has for itself. */
    long ownBytes() {
        return weightsFirst() ? tileBytes(TILES) : blockBytes(Math.min(kBlock(), channels()));
    }

    /** Numbers that the products of a task take. */
    int products() {
        return POSITIONS * GemmKernel.paddedRows(tilesATask()) * blocksATask() * outputs();
    }

    long scratchBytes(int threads) {
        return sharedBytes() + threads * ownBytes();
    }

    /**
     * Whether a convolution is computed this way: by its shape alone, the batch not counted. Weights are transformed in each run, so
     * small maps take longer than a direct sum; so do few channels, where the tiles' transforms count.
     */
    static boolean suits(ProductOp.Conv2d conv, Shape image, Shape weight, Shape result) {
        boolean plain = weight.dim(2) == 3
                && weight.dim(3) == 3
                && conv.stride() == 1
                && conv.dilation() == 1
                && conv.groups() == 1;
        return plain
                && image.last() % GemmKernel.COLUMNS == 0
                && image.last() >= 64
                && weight.dim(0) >= 64
                && result.dim(1) * (long) result.dim(2) >= 64;
    }
}
