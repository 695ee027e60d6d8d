package dev.aquarelle.sd.upscale;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.Program;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.pipeline.EngineOptions;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes pictures larger with a network of the ESRGAN family: RRDBNet (ESRGAN, Real-ESRGAN) in its three layouts, or SRVGGNetCompact.
 *
 * <pre>{@code
 * try (Upscaler upscaler = Upscaler.load(Path.of("RealESRGAN_x4plus.safetensors"))) {
 *     Image large = upscaler.upscale(Png.read(Path.of("apple.png")));
 * }
 * }</pre>
 *
 * <p>A large picture is made in {@link Tiles}, so what is allocated does not depend on its size but for the pixels themselves. Not safe for use
 * from several threads at once.
 */
public final class Upscaler implements AutoCloseable {
    private static final double USABLE_HEAP = 0.8;
    private static final int PICTURES_AT_A_TIME =
            5; // as it is made, its image, and for its file filtered and compressed

    /** A program and the size of the tiles it is for. */
    private record Compiled(int height, int width, Program program) {}

    private final Arena arena;
    private final Backend backend;
    private final boolean ownsBackend;
    private final SuperResolution network;
    private final MemoryBudget budget;
    private final Tiles tiles;
    private @Nullable Compiled compiled;

    @SuppressWarnings("MustBeClosedChecker") // closed with the upscaler
    private Upscaler(Path file, Backend backend, boolean ownsBackend, MemoryBudget budget, Tiles tiles) {
        this.backend = backend;
        this.ownsBackend = ownsBackend;
        this.budget = budget;
        this.tiles = tiles;
        this.arena = Arena.ofShared();
        boolean loaded = false;
        try {
            this.network = SuperResolution.load(Weights.open(file, arena));
            loaded = true;
        } finally {
            if (!loaded) {
                arena.close();
            }
        }
    }

    /** {@link #load(Path, EngineOptions, Tiles)} with the best backend there is and the usual tiles. */
    public static Upscaler load(Path file) {
        return load(file, EngineOptions.DEFAULT, Tiles.DEFAULT);
    }

    /**
     * Opens a safetensors file, whose tensors tell the kind of network, its size and its scale. Weights are mapped, not read.
     *
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if the file is broken or holds no such network
     * @throws dev.aquarelle.ops.BackendException if there is no such backend or it cannot run here
     */
    public static Upscaler load(Path file, EngineOptions options, Tiles tiles) {
        Backend backend = Backends.open(options.backend(), options.backendOptions());
        boolean loaded = false;
        try {
            Upscaler upscaler = new Upscaler(file, backend, true, options.memory(), tiles);
            loaded = true;
            return upscaler;
        } finally {
            if (!loaded) {
                backend.close();
            }
        }
    }

    /**
     * Opens a safetensors file on a backend that others use too, with the usual tiles.
     *
     * @param backend not closed with the upscaler
     * @param budget what the upscaler's program may take
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if the file is broken or holds no such network
     */
    public static Upscaler load(Path file, Backend backend, MemoryBudget budget) {
        return new Upscaler(file, backend, false, budget, Tiles.DEFAULT);
    }

    /** Times as many pixels along a side. */
    public int scale() {
        return network.scale();
    }

    /** The network and what it runs on, in a line. */
    public String description() {
        return "%s on %s: %s".formatted(network, backend.name(), backend.description());
    }

    /** {@link #upscale(Image, UpscaleListener, Cancellation)}, unwatched. */
    public Image upscale(Image picture) {
        return upscale(picture, UpscaleListener.NONE, Cancellation.NEVER);
    }

    /**
     * The picture with {@link #scale} times its width and height.
     *
     * @param listener told after each tile
     * @param cancellation asked all the time; an interrupt of the thread stops the work too
     * @throws MemoryBudgetException if a tile or the whole picture takes more memory than it may; nothing has been done then
     * @throws dev.aquarelle.sd.ModelException if the network gives numbers that are not finite
     * @throws java.util.concurrent.CancellationException if stopped; the upscaler stays usable
     */
    public Image upscale(Image picture, UpscaleListener listener, Cancellation cancellation) {
        requireHeap((long) scale() * picture.width(), (long) scale() * picture.height());
        List<Tiles.Span> rows = tiles.along(padded(picture.height()));
        List<Tiles.Span> columns = tiles.along(padded(picture.width()));
        Program program = program(rows.getFirst().to(), columns.getFirst().to(), cancellation);
        SmallPicture small = new SmallPicture(picture);
        LargePicture large = new LargePicture(picture.width(), picture.height(), scale());
        int done = 0;
        for (Tiles.Span row : rows) {
            for (Tiles.Span column : columns) {
                large.put(program.run(cancellation, small.tile(row, column)), row, column);
                listener.onTile(++done, rows.size() * columns.size());
            }
        }
        return large.image();
    }

    /**
     * Finds out whether a picture of this size can be made, and keeps the program for it.
     *
     * @throws MemoryBudgetException if a tile or the whole picture takes more memory than it may
     * @throws java.util.concurrent.CancellationException if stopped
     */
    public void requireMemory(int width, int height, Cancellation cancellation) {
        requireHeap((long) scale() * width, (long) scale() * height);
        Program _ = program(
                tiles.along(padded(height)).getFirst().to(),
                tiles.along(padded(width)).getFirst().to(),
                cancellation);
    }

    /**
     * What the program for a picture of this size takes, without making it.
     *
     * @return bytes
     * @throws MemoryBudgetException if a tile or the whole picture takes more memory than it may
     */
    public long memory(int width, int height) {
        requireHeap((long) scale() * width, (long) scale() * height);
        int tileHeight = tiles.along(padded(height)).getFirst().to();
        int tileWidth = tiles.along(padded(width)).getFirst().to();
        long bytes = backend.plan(network.graph(tileHeight, tileWidth)).total();
        budget.require(tile(tileHeight, tileWidth), bytes);
        return bytes;
    }

    private static String tile(int height, int width) {
        return "a tile of %d x %d pixels".formatted(width, height);
    }

    private int padded(int length) {
        int multiple = network.multiple();
        return (length + multiple - 1) / multiple * multiple;
    }

    /** Pixels are held in the Java heap, and in arrays of less than 2^31 bytes. */
    static void requireHeap(long width, long height) {
        long bytes = SuperResolution.COLORS * width * height;
        String who = "a picture of %d x %d pixels".formatted(width, height);
        new MemoryBudget(Integer.MAX_VALUE - 8).require(who, bytes);
        new MemoryBudget((long) (USABLE_HEAP * Runtime.getRuntime().maxMemory()))
                .require("what is held of %s in the Java heap".formatted(who), PICTURES_AT_A_TIME * bytes);
    }

    private Program program(int height, int width, Cancellation cancellation) {
        Compiled found = compiled;
        if (found != null && found.height == height && found.width == width) {
            return found.program;
        }
        closeProgram();
        Program program = compile(height, width, cancellation);
        compiled = new Compiled(height, width, program);
        return program;
    }

    private Program compile(int height, int width, Cancellation cancellation) {
        try {
            return backend.compile(network.graph(height, width), budget, cancellation);
        } catch (MemoryBudgetException e) {
            if (e.available() == MemoryBudgetException.UNKNOWN) {
                throw e; // by the JVM
            }
            String who = tile(height, width);
            throw (MemoryBudgetException) new MemoryBudgetException(who, e.needed(), budget.bytes()).initCause(e);
        }
    }

    /** Frees the program; it is compiled again for the next picture. */
    public void release() {
        closeProgram();
    }

    private void closeProgram() {
        Compiled closing = compiled;
        compiled = null;
        if (closing != null) {
            closing.program.close();
        }
    }

    /** Frees the program, unmaps the weights and closes the backend, if it is the upscaler's own. */
    @Override
    public void close() {
        Backend closing = ownsBackend ? backend : null;
        try (closing;
                arena) {
            closeProgram();
        }
    }
}
