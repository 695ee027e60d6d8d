package dev.aquarelle.cli.measure;

import com.sun.management.OperatingSystemMXBean;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.LayoutOp;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.checkpoint.ModelSource;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * What a part of a model took.
 *
 * @param part as users type it
 * @param size of the picture
 * @param secondsToFirstCall from the start of the process
 * @param secondsToLoad to map the weights and build the graph
 * @param secondsToCompile to plan memory and prepare steps
 * @param first the first call, which finds the JIT, the caches and the mapped file cold
 * @param warmUps calls after it that only let the JIT get done
 * @param calls the ones that count
 * @param flops floating-point operations of a call as the graph counts them, a multiply-add as two; algorithms may do with fewer
 * @param gigaflops a second, at the median
 * @param plannedBytes what the program allocates
 * @param peakBytes the process's peak of resident memory, in which touched pages of the mapped weights count; 0 if the system does not tell
 */
record PartMeasurement(
        String part,
        String size,
        double secondsToFirstCall,
        double secondsToLoad,
        double secondsToCompile,
        Call first,
        int warmUps,
        List<Call> calls,
        double medianSeconds,
        double minSeconds,
        double maxSeconds,
        long flops,
        double gigaflops,
        long plannedBytes,
        long peakBytes) {
    private static final OperatingSystemMXBean SYSTEM =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    /** Inputs that stay the same for a picture. */
    private static final Set<String> TOLD_ONCE = Set.of("encoder_hidden_states", "text_embeds", "time_ids");

    /**
     * One call.
     *
     * @param seconds on the clock
     * @param processorSeconds of all threads together: what to read on a machine that does other things too
     */
    record Call(double seconds, double processorSeconds) {}

    /**
     * How often to call.
     *
     * @param warmUpSeconds calls that do not count are made until so much time has passed, the first one among them
     * @param rounds calls that count, at least one
     */
    record Plan(double warmUpSeconds, int rounds) {}

    /**
     * Makes the calls of a plan. The latents and the timestep differ from call to call, as in sampling; the text
     * does not, so the U-Net's keys and values of it are computed in the first call only.
     */
    static PartMeasurement of(
            ModelPart part,
            ModelSource model,
            ModelPart.Size size,
            Backend backend,
            Plan plan,
            Cancellation cancellation) {
        ProcessMemory.resetPeak();
        long start = System.nanoTime();
        try (Arena arena = Arena.ofShared()) {
            Graph graph = part.graph(model, arena, size);
            long loaded = System.nanoTime();
            try (Program program = backend.compile(graph)) {
                long compiled = System.nanoTime();
                double toFirst = (System.currentTimeMillis()
                                - ManagementFactory.getRuntimeMXBean().getStartTime())
                        / 1e3;
                Call first = call(program, 0, cancellation);
                int warmUps = 0;
                while (System.nanoTime() - compiled < plan.warmUpSeconds * 1e9) {
                    call(program, ++warmUps, cancellation);
                }
                int rounds = plan.rounds;
                List<Call> calls = new ArrayList<>();
                for (int i = 1; i <= rounds; i++) {
                    calls.add(call(program, warmUps + i, cancellation));
                }
                double[] seconds =
                        calls.stream().mapToDouble(Call::seconds).sorted().toArray();
                double median = (seconds[(rounds - 1) / 2] + seconds[rounds / 2]) / 2;
                long flops = flops(graph);
                return new PartMeasurement(
                        part.name().toLowerCase(Locale.ROOT),
                        size.toString(),
                        toFirst,
                        (loaded - start) / 1e9,
                        (compiled - loaded) / 1e9,
                        first,
                        warmUps,
                        List.copyOf(calls),
                        median,
                        seconds[0],
                        seconds[rounds - 1],
                        flops,
                        flops / median / 1e9,
                        program.memory().total(),
                        ProcessMemory.peakBytes());
            }
        }
    }

    private static Call call(Program program, int number, Cancellation cancellation) {
        Tensor[] inputs = program.graph().inputs().stream()
                .map(input -> input(input, number))
                .toArray(Tensor[]::new);
        long processor = SYSTEM.getProcessCpuTime();
        long start = System.nanoTime();
        program.run(cancellation, inputs);
        return new Call((System.nanoTime() - start) / 1e9, (SYSTEM.getProcessCpuTime() - processor) / 1e9);
    }

    private static Tensor input(Value input, int call) {
        Shape shape = input.shape();
        int size = Math.toIntExact(shape.size());
        String name = ((SourceOp.Input) input.op()).name();
        if (input.dtype() == DType.I32) { // token ids that every vocabulary has
            int[] ids = new SplittableRandom(call).ints(size, 0, 100).toArray();
            return Tensor.of(ids, shape.dims());
        }
        float[] values = new float[size];
        if (name.equals("timestep")) {
            Arrays.fill(values, 981 - 20f * (call % 50));
        } else {
            SplittableRandom random = new SplittableRandom(TOLD_ONCE.contains(name) ? 0 : call + 1);
            for (int i = 0; i < size; i++) {
                values[i] = (float) random.nextGaussian();
            }
        }
        return Tensor.of(values, shape.dims());
    }

    private static long flops(Graph graph) {
        return graph.values().stream()
                .filter(value -> !value.operands().isEmpty() && !(value.op() instanceof LayoutOp.Reshape))
                .mapToLong(value -> value.op()
                        .flops(
                                value.shape(),
                                value.operands().stream().map(Value::shape).toArray(Shape[]::new)))
                .sum();
    }
}
