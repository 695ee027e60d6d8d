package dev.aquarelle.sd.unet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.StepInfo;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.TokenOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.FormulaWeights;
import dev.aquarelle.sd.ListedWeights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.unet.UNetVariant.Deep;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The numbers are of {@link TinyUNet} in diffusers: patched by tomesd 0.1.3 without randomness, and with the input of the last residual
 * block taken from another call, as DeepCache does with its branch 0.
 */
class UNetVariantTest {
    private static final UNetInputs.Sizes SIZES = new UNetInputs.Sizes(1, 4, 4, 3);

    /** A call: the sample, its timestep, and what is given of deep blocks. */
    private static List<Tensor> inputs(double scale, double offset, float timestep) {
        float[] sample = FormulaWeights.sines(32, 0.9, 0, 1, 0);
        for (int i = 0; i < sample.length; i++) {
            sample[i] = (float) (sample[i] * scale + offset);
        }
        return List.of(
                Tensor.of(sample, 1, 4, 4, 2),
                Tensor.of(new float[] {timestep}, 1),
                Tensor.of(FormulaWeights.sines(18, 1.1, 0, 1, 0), 1, 3, 6));
    }

    private static List<Tensor> usual() {
        return inputs(1, 0, 500);
    }

    private static Program program(Backend backend, String outer, UNetVariant variant) {
        return backend.compile(TinyUNet.withOuter(outer).graph(SIZES, Steering.Kinds.NONE, variant));
    }

    private static float[] run(Program program, List<Tensor> inputs, Tensor... more) {
        List<Tensor> all = new ArrayList<>(inputs);
        all.addAll(List.of(more));
        return program.run(all.toArray(Tensor[]::new)).toFloatArray();
    }

    @ParameterizedTest(name = "{0}: {1}, outer blocks {2}DownBlock2D")
    @CsvSource({
        "cpu, 0.25, CrossAttn, -0.7220447 -0.9739535 -1.062849 -0.706309 4.232889 5.308673 3.759603 1.954929 -1.872884"
                + " -4.940763 -5.336188 -2.877045 -1.249264 0.4312871 2.879868 2.44833",
        "reference, 0.5, CrossAttn, -0.6732342 -0.833123 -0.8980426 -0.6083766 4.443083 5.301386 3.524521 1.752753"
                + " -2.035924 -5.131884 -5.301433 -2.651553 -1.289192 0.5868878 3.008392 2.353858",
        "cpu, 0.5, CrossAttn, -0.6732342 -0.833123 -0.8980426 -0.6083766 4.443083 5.301386 3.524521 1.752753 -2.035924"
                + " -5.131884 -5.301433 -2.651553 -1.289192 0.5868878 3.008392 2.353858",
        "cpu, 0.75, CrossAttn, -0.7651908 -1.101535 -1.222458 -0.810043 4.096426 5.233037 3.861487 2.099116 -1.715732"
                + " -4.747569 -5.250354 -2.944809 -1.270672 0.3133792 2.755045 2.442759",
        "cpu, 0.25, '', -0.6920444 -0.9118315 -0.9484037 -0.6079145 4.207138 5.219083 3.674605 1.888187"
                + " -1.767644 -4.783931 -5.169029 -2.805032 -1.280744 0.3544758 2.73704 2.368675"
    })
    void tokensAreMergedAsInTheReference(String backend, double ratio, String outer, String expected) {
        try (Backend opened = Backends.open(backend, BackendOptions.DEFAULT);
                Program program = program(opened, outer, new UNetVariant(ratio, Deep.COMPUTED))) {
            assertThat(run(program, usual())).containsExactly(numbers(expected), within(2e-5f));
        }
    }

    @ParameterizedTest(name = "outer blocks {0}DownBlock2D")
    @CsvSource({
        "CrossAttn, -0.5600588 -0.4998342 -0.3376816 -0.1550638 4.678168 5.494082 3.374559 1.381905 -2.100187 -5.334254"
                + " -5.456102 -2.580274 -1.414092 0.5508703 3.112447 2.365687",
        "'', -0.536361 -0.432789 -0.1810301 -0.03023671 4.618612 5.380556 3.247645 1.261842"
                + " -1.96827 -5.145845 -5.282712 -2.477546 -1.433918 0.4611599 2.957266 2.277635"
    })
    void deepBlocksAreTakenFromAnotherCallAsInTheReference(String outer, String expected) {
        try (Backend backend = Backends.open("cpu", BackendOptions.DEFAULT);
                Program whole = program(backend, outer, UNetVariant.PLAIN.with(Deep.KEPT));
                Program shallow = program(backend, outer, UNetVariant.PLAIN.with(Deep.GIVEN))) {
            run(whole, usual());
            float[] found = run(shallow, inputs(0.5, 0.1, 460), whole.output(UNetVariant.DEEP_FEATURES));

            assertThat(found).containsExactly(numbers(expected), within(2e-5f));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void keptAndGivenInTheSameCallTheyGiveThePlainResultToTheBit(String backend) {
        for (double ratio : new double[] {0, 0.5}) {
            UNetVariant variant = new UNetVariant(ratio, Deep.COMPUTED);
            try (Backend opened = Backends.open(backend, BackendOptions.DEFAULT);
                    Program plain = program(opened, "CrossAttn", variant);
                    Program whole = program(opened, "CrossAttn", variant.with(Deep.KEPT));
                    Program shallow = program(opened, "CrossAttn", variant.with(Deep.GIVEN))) {
                float[] expected = run(plain, usual());

                assertThat(run(whole, usual())).isEqualTo(expected);
                assertThat(run(shallow, usual(), whole.output(UNetVariant.DEEP_FEATURES)))
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void whereDeepBlocksAreGivenTheyAreNotComputed() {
        try (Backend backend = Backends.open("cpu", BackendOptions.DEFAULT);
                Program shallow = program(backend, "CrossAttn", UNetVariant.PLAIN.with(Deep.GIVEN))) {
            assertThat(shallow.steps())
                    .extracting(StepInfo::scope)
                    .isNotEmpty()
                    .noneMatch(scope -> scope.startsWith("down_blocks")
                            || scope.startsWith("mid_block")
                            || scope.startsWith("up_blocks.0")
                            || scope.startsWith("up_blocks.1.resnets.0"));
        }
    }

    /** Of 32 x 48 latents, whose largest maps are the outer blocks' in Stable Diffusion 1. */
    @Test
    void tokensOfTheLargestMapsAloneAreMerged() {
        UNetConfig config = UNetConfig.of(
                ModelConfig.parse("unet/config.json", "{\"cross_attention_dim\": 768, \"attention_head_dim\": 8}"));
        UNet2DConditionModel unet =
                UNet2DConditionModel.load(ListedWeights.weights(ListedWeights.of("sd15-unet-tensors.txt")), config);
        Graph graph = unet.graph(
                new UNetInputs.Sizes(2, 32, 48, 77), Steering.Kinds.NONE, new UNetVariant(0.5, Deep.COMPUTED));

        List<Value> matches = graph.values().stream()
                .filter(value -> value.op() instanceof TokenOp.MatchTokens)
                .toList();
        assertThat(matches)
                .extracting(Value::op)
                .containsOnly(new TokenOp.MatchTokens(32, 48, 768))
                .hasSize(5);
        assertThat(matches)
                .extracting(Value::scope)
                .allMatch(scope -> scope.startsWith("down_blocks.0.") || scope.startsWith("up_blocks.3."));
    }

    private static float[] numbers(String text) {
        String[] words = text.split(" ", -1);
        float[] numbers = new float[words.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = Float.parseFloat(words[i]);
        }
        return numbers;
    }
}
