package dev.aquarelle.sd.pipeline;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.summingInt;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.StepInfo;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.sd.ListedWeights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.unet.UNet2DConditionModel;
import dev.aquarelle.sd.unet.UNetConfig;
import dev.aquarelle.sd.unet.UNetInputs;
import dev.aquarelle.sd.vae.AutoencoderKL;
import dev.aquarelle.sd.vae.VaeConfig;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * How the CPU backend computes the full-size Stable Diffusion 1.5 at two threads: which kernel at which shape, how much work and memory.
 * What would make it slower or larger, and not wrong, shows here instead of in a timed test. Nothing is computed.
 */
class FullSizeStepsTest {
    private static final Pattern NUMBER = Pattern.compile("[0-9]+");

    private static final UNet2DConditionModel UNET = UNet2DConditionModel.load(
            ListedWeights.weights(ListedWeights.of("sd15-unet-tensors.txt")),
            UNetConfig.of(ModelConfig.parse(
                    "unet/config.json", "{\"cross_attention_dim\": 768, \"attention_head_dim\": 8}")));

    private static final AutoencoderKL VAE = AutoencoderKL.load(
            ListedWeights.weights(ListedWeights.of("sd15-vae-tensors.txt")),
            VaeConfig.of(ModelConfig.parse(
                    "vae/config.json",
                    "{\"block_out_channels\": [128, 256, 512, 512],"
                            + " \"layers_per_block\": 2, \"latent_channels\": 4, \"down_block_types\": [%s], \"up_block_types\": [%s]}"
                                    .formatted(
                                            String.join(", ", Collections.nCopies(4, "\"DownEncoderBlock2D\"")),
                                            String.join(", ", Collections.nCopies(4, "\"UpDecoderBlock2D\""))))));

    private static void with(Graph graph, BiConsumer<Program, List<StepInfo>> checks) {
        try (Backend backend = Backends.open("cpu", new BackendOptions(2));
                Program program = backend.compile(graph)) {
            checks.accept(program, program.steps());
        }
    }

    private static Graph unet(int side) {
        return UNET.graph(new UNetInputs.Sizes(2, side, side, 77));
    }

    private static Map<String, Integer> kernels(List<StepInfo> steps) {
        return steps.stream().collect(groupingBy(s -> s.op() + " by " + s.kernel(), TreeMap::new, summingInt(s -> 1)));
    }

    private static List<String> shapes(List<StepInfo> steps, Predicate<StepInfo> wanted) {
        return steps.stream().filter(wanted).map(StepInfo::shapes).distinct().toList();
    }

    private static boolean is(StepInfo step, String op, String kernel) {
        return step.op().equals(op) && step.kernel().equals(kernel);
    }

    @Test
    void theDenoiserAt512Pixels() {
        with(unet(64), (program, steps) -> {
            assertThat(kernels(steps))
                    .isEqualTo(Map.ofEntries(
                            Map.entry("conv2d by winograd", 47),
                            Map.entry("conv2d by gemm", 10),
                            Map.entry("conv2d by fewRows", 9),
                            Map.entry("linear by gemm", 90),
                            Map.entry("linear by fewRows", 110),
                            Map.entry("linear+geGlu by gemm", 10),
                            Map.entry("linear+geGlu by fewRows", 6),
                            Map.entry("attention by attention", 32),
                            Map.entry("groupNorm+silu by groupNorm", 45),
                            Map.entry("groupNorm by groupNorm", 16),
                            Map.entry("layerNorm by layerNorm", 48),
                            Map.entry("add by pairwise", 86),
                            Map.entry("addPerChannel by pairwise", 22),
                            Map.entry("concat by copy", 12),
                            Map.entry("upsampleNearest by upsampleNearest", 3),
                            Map.entry("silu by activate", 23),
                            Map.entry("timestepEmbedding by timestepEmbedding", 1)));
            assertThat(steps.stream().mapToLong(StepInfo::flops).sum()).isEqualTo(1_609_622_912_640L);
            assertThat(program.memory().activations()).isEqualTo(110_522_944);
            assertThat(program.memory().total()).isLessThan(180_000_000);
        });
    }

    @Test
    void everyLargeMapIsConvolvedByTransformedTiles() {
        with(
                unet(64),
                (program, steps) -> assertThat(shapes(
                                steps,
                                s -> s.op().equals("conv2d")
                                        && s.shapes().contains(", 3, 3]")
                                        && !is(s, "conv2d", "winograd")))
                        .as("all that are not: the first and the last one, and those of stride 2")
                        .containsExactly(
                                "[[2, 64, 64, 4], [320, 4, 3, 3], [320]] -> [2, 64, 64, 320]",
                                "[[2, 64, 64, 320], [320, 320, 3, 3], [320]] -> [2, 32, 32, 320]",
                                "[[2, 32, 32, 640], [640, 640, 3, 3], [640]] -> [2, 16, 16, 640]",
                                "[[2, 16, 16, 1280], [1280, 1280, 3, 3], [1280]] -> [2, 8, 8, 1280]",
                                "[[2, 64, 64, 320], [4, 320, 3, 3], [4]] -> [2, 64, 64, 4]"));
    }

    @Test
    void weightsAreRearrangedOnceAStep() {
        with(unet(64), (program, steps) -> {
            // as floats; a linear layer's as many as there are, a transformed convolution's four times as many
            long linear = packed(steps, s -> s.op().startsWith("linear"));
            long transformed = packed(steps, s -> is(s, "conv2d", "winograd"));
            assertThat(linear).isEqualTo(4 * weights(steps, s -> s.op().startsWith("linear")));
            assertThat(transformed).isEqualTo(16 * weights(steps, s -> is(s, "conv2d", "winograd")));
        });
    }

    @Test
    void theDenoiserAt256Pixels() {
        with(unet(32), (program, steps) -> {
            assertThat(kernels(steps))
                    .containsEntry("conv2d by winograd", 33)
                    .containsEntry("conv2d by fewRows", 28)
                    .containsEntry("linear by fewRows", 155)
                    .containsEntry("linear+geGlu by fewRows", 11);
            assertThat(program.memory().total()).isLessThan(66_000_000);
        });
    }

    @Test
    void theDecoderAt512Pixels() {
        with(VAE.decoderGraph(1, 64, 64), (program, steps) -> {
            assertThat(kernels(steps))
                    .isEqualTo(Map.of(
                            "conv2d by winograd", 31,
                            "conv2d by gemm", 5,
                            "linear by gemm", 4,
                            "attention by attention", 1,
                            "groupNorm+silu by groupNorm", 29,
                            "groupNorm by groupNorm", 1,
                            "add by pairwise", 15,
                            "upsampleNearest by upsampleNearest", 3));
            assertThat(steps.stream().mapToLong(StepInfo::flops).sum()).isEqualTo(2_522_603_454_464L);
            assertThat(program.memory().activations()).isEqualTo(671_154_176);
            assertThat(program.memory().total()).isLessThan(725_000_000);
        });
    }

    private static long packed(List<StepInfo> steps, Predicate<StepInfo> wanted) {
        return steps.stream().filter(wanted).mapToLong(StepInfo::packedBytes).sum();
    }

    /** Numbers in the steps' second operands, by their shapes: {@code [[2, 64, 64, 4], [320, 4, 3, 3], ...}. */
    private static long weights(List<StepInfo> steps, Predicate<StepInfo> wanted) {
        return steps.stream()
                .filter(wanted)
                .mapToLong(s -> {
                    int from = s.shapes().indexOf("], [");
                    String weight = s.shapes().substring(from + 1, s.shapes().indexOf(']', from + 1));
                    return NUMBER.matcher(weight)
                            .results()
                            .mapToLong(number -> Long.parseLong(number.group()))
                            .reduce(1, (x, y) -> x * y);
                })
                .sum();
    }
}
