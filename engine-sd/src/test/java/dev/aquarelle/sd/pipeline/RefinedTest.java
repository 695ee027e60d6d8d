package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.prompt.PromptStyle;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Two models for a picture: the demo model, and itself or a copy of it. */
class RefinedTest {
    private static StableDiffusion engine;

    @BeforeAll
    static void load() {
        engine = StableDiffusion.load(DemoModel.path());
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    private static TextToImage.Builder owl() {
        return TextToImage.builder("an owl").size(64, 48).steps(6).seed(7);
    }

    private static Refined refined(TextToImage.Builder owl) {
        return new Refined(owl.build(), DemoModel.path(), 0.5);
    }

    private static Image picture(PictureRequest request) {
        return engine.generate(request).getFirst().image();
    }

    /** Samplers without a memory of former steps cannot tell whether there are two runs or one. */
    @ParameterizedTest
    @ValueSource(strings = {"ddim", "euler", "euler_a", "heun", "dpm2"})
    void aModelRefinedByItselfGivesTheSamePicture(String sampler) {
        assertThat(picture(refined(owl().sampler(sampler))))
                .isEqualTo(picture(owl().sampler(sampler).build()));
    }

    @ParameterizedTest
    @CsvSource({"ddim, 0.5", "euler_a, 0.7", "heun, 0.3", "dpm2, 4"})
    void schedulesOfPromptsGoOnInTheSecondModel(String sampler, String when) {
        TextToImage.Builder owl = TextToImage.builder("[an owl:[a red|a blue] house:%s]".formatted(when))
                .promptStyle(PromptStyle.WEB_UI)
                .size(64, 48)
                .steps(6)
                .seed(7)
                .sampler(sampler);

        assertThat(picture(refined(owl))).isEqualTo(picture(owl.build()));
    }

    @Test
    void aPictureOfABatchIsThatOfItsSeedAlone(@TempDir Path folder) throws IOException {
        ModelCopy.in(folder).fill("unet", "conv_out.bias", 0.05f);
        TextToImage.Builder owl = owl().sampler("euler_a");
        Image second = engine.generate(new Refined(owl.batch(2).build(), folder, 0.5))
                .get(1)
                .image();

        assertThat(picture(new Refined(owl().sampler("euler_a").seed(8).build(), folder, 0.5)))
                .isEqualTo(second)
                .isNotEqualTo(picture(owl().sampler("euler_a").seed(8).build()));
    }

    @Test
    void bothModelsStepsAreToldOfAsOne() {
        List<String> steps = new ArrayList<>();
        GeneratedImage made = engine.generate(
                        refined(owl()), progress -> steps.add(progress.step() + "/" + progress.steps()))
                .getFirst();

        assertThat(steps).containsExactly("1/6", "2/6", "3/6", "4/6", "5/6", "6/6");
        assertThat(made.parameters().toText()).contains("Refiner switch at: 0.5");
    }

    @Test
    void oneModelsProgramsAreFreedBeforeTheOthersAreMade() {
        CountingBackend counting = new CountingBackend("cpu");
        try (StableDiffusion unlimited =
                new StableDiffusion(ModelSource.open(DemoModel.path()), counting, EngineOptions.DEFAULT)) {
            unlimited.generate(owl().build());
            long alone = counting.mostBytes;
            unlimited.generate(refined(owl()));

            assertThat(counting.mostBytes).isLessThan(2 * alone);
            int open = counting.open;
            unlimited.generate(owl().build()); // closes the other one
            assertThat(counting.open).isLessThan(open + 2);
        }
        assertThat(counting.open).isZero();
    }

    @Test
    void whatDoesNotFitIsRefusedBeforeTheWork() {
        EngineOptions limited = new EngineOptions("cpu", BackendOptions.DEFAULT, new MemoryBudget(8 << 20));
        try (StableDiffusion small = StableDiffusion.load(DemoModel.path(), limited)) {
            assertThatThrownBy(() -> small.generate(refined(owl().size(256, 256)), _ -> {
                        throw new AssertionError("a step was made");
                    }))
                    .isInstanceOf(MemoryBudgetException.class);
        }
    }

    /** The first model alone has a ControlNet, and so takes more. */
    @Test
    void theLargerPassIsPlannedAndRefused(@TempDir Path folder) throws IOException {
        Control control = Control.of(DemoAddOns.controlNet(folder), Image.of(64, 48, new byte[3 * 64 * 48]));
        Refined request = refined(owl().addOns(AddOns.NONE.withControlNet(control)));
        CountingBackend counting = new CountingBackend("cpu");
        MemoryNeed need;
        try (StableDiffusion unlimited =
                new StableDiffusion(ModelSource.open(DemoModel.path()), counting, EngineOptions.DEFAULT)) {
            need = unlimited.plan(request);
            unlimited.generate(request);
            assertThat(counting.mostBytes).isEqualTo(need.peak());
        }
        for (long missing : List.of(0L, 1L)) {
            MemoryBudget limit = new MemoryBudget(need.least() - missing);
            EngineOptions limited = new EngineOptions("cpu", BackendOptions.DEFAULT, limit);
            try (StableDiffusion small = StableDiffusion.load(DemoModel.path(), limited)) {
                if (missing == 0) {
                    assertThat(small.plan(request).peak()).isLessThanOrEqualTo(need.least());
                    assertThat(small.generate(request)).hasSize(1);
                } else {
                    assertThatThrownBy(() -> small.plan(request))
                            .isInstanceOfSatisfying(
                                    MemoryBudgetException.class,
                                    e -> assertThat(e.least()).isEqualTo(need.least()));
                    assertThatThrownBy(() -> small.generate(request)).isInstanceOf(MemoryBudgetException.class);
                }
            }
        }
    }

    /** The refiner takes more here: beside it are the first model's text encoders. */
    @Test
    void whatWouldDoForTheRefinerIsSaidOfTheWhole(@TempDir Path folder) throws IOException {
        Control control = Control.of(DemoAddOns.controlNet(folder), Image.of(64, 48, new byte[3 * 64 * 48]));
        Refined request = refined(owl());
        MemoryNeed alone = engine.plan(owl().build());
        MemoryNeed need = engine.plan(request);
        assertThat(need.least()).isEqualTo(alone.least() + alone.textEncoders());
        assertThat(engine.plan(refined(owl().addOns(AddOns.NONE.withControlNet(control))))
                        .textEncoders())
                .isEqualTo(2 * alone.textEncoders());

        EngineOptions limited = new EngineOptions("cpu", BackendOptions.DEFAULT, new MemoryBudget(need.least() - 1));
        try (StableDiffusion small = StableDiffusion.load(DemoModel.path(), limited)) {
            assertThatThrownBy(() -> small.generate(request))
                    .isInstanceOfSatisfying(
                            MemoryBudgetException.class,
                            e -> assertThat(e.least()).isEqualTo(need.least()));
        }
    }

    @Test
    void whatMakesNoSenseIsRefused(@TempDir Path folder) throws IOException {
        assertThatThrownBy(() -> new Refined(owl().build(), folder, 1))
                .hasMessage("refiner: expected a start above 0 and below 1, found 1.0");
        assertThatThrownBy(() -> engine.generate(new Refined(owl().build(), DemoModel.path(), 0.9999)))
                .hasMessage("refiner: expected a start that leaves both models some of 6 steps, found 0.9999");
        assertThatThrownBy(() -> engine.generate(new Refined(owl().build(), folder.resolve("nowhere"), 0.5)))
                .isInstanceOf(ModelException.class);
        ModelCopy.in(folder).seeing(8);
        assertThatThrownBy(() -> engine.generate(new Refined(owl().build(), folder, 0.5)))
                .hasMessageContaining("request: expected InstructEdit");
        assertThat(engine.generate(owl().build())).hasSize(1);
    }
}
