package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.sd.checkpoint.ModelFolder;
import dev.aquarelle.sd.vae.Autoencoder;
import dev.aquarelle.sd.vae.Tiling;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A picture made in tiles differs from the whole one, but where one tile ends and the next begins not more abruptly than elsewhere. */
class SeamsTest {
    private static final int SIDE = 32; // latents of the picture
    private static final int TILE = 16;
    private static final int ADVANCE = 8 * (TILE - TILE / 4); // pixels from a tile to the next
    private static final double FACTOR =
            3; // half of the columns change less than the mean, and single ones three times as much

    private static final Backend BACKEND = Backends.open("cpu", BackendOptions.DEFAULT);
    private static Tensor latents;
    private static Tensor whole;

    @BeforeAll
    static void decodeWhole() {
        List<Tensor> seen = new ArrayList<>();
        try (StableDiffusion engine = StableDiffusion.load(DemoModel.path())) {
            TextToImage request = TextToImage.builder("an owl")
                    .size(8 * SIDE, 8 * SIDE)
                    .steps(4)
                    .seed(3)
                    .build();
            engine.generate(request, progress -> seen.add(copy(progress.latents())));
        }
        latents = seen.getLast();
        whole = decoded(0);
    }

    @AfterAll
    static void close() {
        BACKEND.close();
    }

    private static Tensor copy(Tensor x) {
        return Tensor.of(x.toFloatArray(), x.shape().dims());
    }

    private static Tensor decoded(int tile) {
        List<Tensor> pictures = new ArrayList<>();
        try (DiffusionModel model =
                new DiffusionModel(new ModelFolder(DemoModel.path()), BACKEND, MemoryBudget.UNLIMITED)) {
            model.programs().tile(tile);
            model.decode(latents, Cancellation.NEVER, picture -> pictures.add(copy(picture)));
        }
        return pictures.getFirst();
    }

    /** Tiles beside one another, which do not overlap. */
    private static Tensor withSeams() {
        try (Arena arena = Arena.ofShared()) {
            Autoencoder vae = Autoencoder.load(DemoModel.path().resolve("vae"), arena);
            Tiling tiling = new Tiling(ADVANCE, ADVANCE / 8, 0);
            Graph graph = Graph.of(g -> tiling.decode(
                    g, vae, vae.unscale(g, g.input("latents", latents.shape().dims()))));
            try (Program program = BACKEND.compile(graph)) {
                return copy(program.run(latents));
            }
        }
    }

    /** How much the difference to the whole picture changes from each column to the next, a mean over the column. */
    private static double[] jumps(Tensor tiled, boolean rows) {
        Shape shape = tiled.shape();
        int side = shape.dim(1);
        double[] jumps = new double[side];
        for (int i = 0; i < side; i++) {
            for (int j = 1; j < side; j++) {
                for (int c = 0; c < 3; c++) {
                    int here = rows ? (j * side + i) * 3 + c : (i * side + j) * 3 + c;
                    int before = here - 3 * (rows ? side : 1);
                    double jump = difference(tiled, here) - difference(tiled, before);
                    jumps[j] += Math.abs(jump) / (3 * side);
                }
            }
        }
        return jumps;
    }

    private static double difference(Tensor tiled, int i) {
        return tiled.getFloat(i) - whole.getFloat(i);
    }

    /** The largest jump where a tile begins, to the mean elsewhere. */
    private static double seam(Tensor tiled) {
        double most = 0;
        for (boolean rows : new boolean[] {false, true}) {
            double[] jumps = jumps(tiled, rows);
            int[] seams = IntStream.iterate(ADVANCE, x -> x < jumps.length, x -> x + ADVANCE)
                    .toArray();
            double elsewhere = IntStream.range(1, jumps.length)
                    .filter(x -> Arrays.stream(seams).noneMatch(seam -> seam == x))
                    .mapToDouble(x -> jumps[x])
                    .average()
                    .orElseThrow();
            most = Math.max(
                    most, Arrays.stream(seams).mapToDouble(x -> jumps[x]).max().orElseThrow() / elsewhere);
        }
        return most;
    }

    @Test
    void aTiledPictureHasNoSeams() {
        assertThat(seam(decoded(TILE))).isLessThan(FACTOR);
    }

    @Test
    void tilesThatDoNotOverlapHaveSome() {
        assertThat(seam(withSeams())).isGreaterThan(2 * FACTOR);
    }
}
