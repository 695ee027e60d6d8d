package dev.aquarelle.bench;

import com.sun.management.OperatingSystemMXBean;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.sd.unet.UNet2DConditionModel;
import dev.aquarelle.sd.unet.UNetConfig;
import dev.aquarelle.sd.unet.UNetInputs;
import dev.aquarelle.sd.vae.AutoencoderKL;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * Time and memory of one part of a model at 512x512: {@code FullSizeMeasurement MODEL unet|vae CALLS [BACKEND [THREADS]]}. It has a process of its
 * own, since the peak of memory belongs to a process; the first call warms up. The U-Net is called with a batch of 2, as guidance does.
 */
public final class FullSizeMeasurement {
    private static final Path STATUS = Path.of("/proc/self/status"); // Linux tells the peak of memory here
    private static final int LATENTS = 64;
    private static final int TOKENS = 77;

    private static final OperatingSystemMXBean SYSTEM =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private FullSizeMeasurement() {}

    /** Prints a line for each call and the peak of memory at the end. */
    public static void main(String[] args) throws IOException {
        if (args.length < 3) {
            throw new IllegalArgumentException("usage: FullSizeMeasurement MODEL unet|vae CALLS [BACKEND [THREADS]]");
        }
        Path model = Path.of(args[0]);
        int calls = Integer.parseInt(args[2]);
        String backend = args.length > 3 ? args[3] : "auto";
        int threads = args.length > 4 ? Integer.parseInt(args[4]) : 0;
        try (Arena arena = Arena.ofShared();
                Backend opened = Backends.open(backend, new BackendOptions(threads))) {
            System.out.printf("%s, %s, JDK %s%n", args[1], opened.description(), Runtime.version());
            switch (args[1]) {
                case "unet" -> unet(model.resolve("unet"), arena, opened, calls);
                case "vae" -> vae(model.resolve("vae"), arena, opened, calls);
                default -> throw new IllegalArgumentException("expected unet or vae, found " + args[1]);
            }
        }
        System.out.printf(
                "load average %.1f on %d processors%n",
                SYSTEM.getSystemLoadAverage(), Runtime.getRuntime().availableProcessors());
        printPeak();
    }

    private static void unet(Path folder, Arena arena, Backend backend, int calls) {
        long start = System.nanoTime();
        UNet2DConditionModel unet = UNet2DConditionModel.load(folder, arena);
        UNetConfig config = unet.config();
        Graph graph = unet.graph(new UNetInputs.Sizes(2, LATENTS, LATENTS, TOKENS));
        Tensor sample = random(1, 2, LATENTS, LATENTS, config.inChannels());
        Tensor text = random(2, 2, TOKENS, config.crossAttentionDim());
        try (Program program = compile(backend, graph, start)) {
            for (int i = 0; i <= calls; i++) {
                float timestep = 981 - 20 * i; // changes with every call, as in sampling; the text does not
                measure(i, () -> program.run(sample, Tensor.of(new float[] {timestep, timestep}, 2), text));
            }
        }
    }

    private static void vae(Path folder, Arena arena, Backend backend, int calls) {
        long start = System.nanoTime();
        AutoencoderKL vae = AutoencoderKL.load(folder, arena);
        Graph graph = vae.decoderGraph(1, LATENTS, LATENTS);
        try (Program program = compile(backend, graph, start)) {
            for (int i = 0; i <= calls; i++) {
                Tensor latents = random(i, 1, LATENTS, LATENTS, vae.config().latentChannels());
                measure(i, () -> program.run(latents));
            }
        }
    }

    private static Program compile(Backend backend, Graph graph, long start) {
        long loaded = System.nanoTime();
        Program program = backend.compile(graph);
        System.out.printf(
                "load %.3f s, compile %.3f s, %s%n", (loaded - start) / 1e9, secondsSince(loaded), program.memory());
        return program;
    }

    private static void measure(int call, Runnable run) {
        long processor = SYSTEM.getProcessCpuTime();
        long start = System.nanoTime();
        run.run();
        System.out.printf(
                "%-8s wall %7.3f s, processor %7.3f s%n",
                call == 0 ? "warm-up" : "call " + call,
                secondsSince(start),
                (SYSTEM.getProcessCpuTime() - processor) / 1e9);
    }

    private static void printPeak() throws IOException {
        if (!Files.isReadable(STATUS)) {
            System.out.println("the peak of memory is only known on Linux");
            return;
        }
        for (String line : Files.readAllLines(STATUS)) {
            if (line.startsWith("VmHWM")) { // touched pages of the mapped weights are part of it
                System.out.println(line.replaceAll("\\s+", " "));
            }
        }
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private static Tensor random(int seed, int... dims) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[Math.toIntExact(Shape.of(dims).size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Tensor.of(values, dims);
    }
}
