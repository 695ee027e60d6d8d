package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.lora.LoraWeight;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** LoRAs, new words and ControlNets on the demo model, from request to request. */
class AddOnsTest {
    private static StableDiffusion engine;
    private static Image plain;
    private static Image edges;

    @TempDir
    private Path folder;

    @BeforeAll
    static void load() {
        engine = StableDiffusion.load(DemoModel.path());
        plain = owl(AddOns.NONE);
        byte[] stripes = new byte[3 * 64 * 48];
        for (int i = 0; i < stripes.length; i++) {
            stripes[i] = (byte) (i / 24 % 2 * 255);
        }
        edges = Image.of(64, 48, stripes);
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    private static TextToImage.Builder request() {
        return TextToImage.builder("an owl").size(64, 48).steps(3).seed(7);
    }

    private static Image owl(AddOns addOns) {
        return engine.generate(request().addOns(addOns).build()).getFirst().image();
    }

    private Lora lora(double weight) throws IOException {
        return new Lora(DemoAddOns.lora(folder), LoraWeight.of(weight));
    }

    @Test
    void aLoraChangesThePictureAndGoesAgain() throws IOException {
        Image changed = owl(AddOns.NONE.with(lora(1)));

        assertThat(changed).isNotEqualTo(plain);
        assertThat(owl(AddOns.NONE.with(lora(0.5)))).isNotEqualTo(plain).isNotEqualTo(changed);
        assertThat(owl(AddOns.NONE.with(lora(1)))).isEqualTo(changed);
        assertThat(owl(AddOns.NONE)).isEqualTo(plain);
    }

    /** Two halves of a LoRA are the whole; all is summed in one product, so the bits may differ but hardly the bytes. */
    @Test
    void lorasAddUp() throws IOException {
        Image whole = owl(AddOns.NONE.with(lora(1)));
        Image halves = owl(AddOns.NONE.with(lora(0.5)).with(lora(0.5)));

        byte[] a = whole.toByteArray();
        byte[] b = halves.toByteArray();
        for (int i = 0; i < a.length; i++) {
            assertThat(Math.abs((a[i] & 0xFF) - (b[i] & 0xFF))).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void aWordOfAnEmbeddingIsOneMoreThatThePromptMayUse() throws IOException {
        Path file = folder.resolve("sketchy.safetensors");
        float[] vector = new float[128];
        Arrays.fill(vector, 0.05f);
        new SafetensorsWriter().add("emb_params", Tensor.of(vector, 1, 128)).write(file);
        TextToImage.Builder request =
                TextToImage.builder("an owl, sketchy").size(64, 48).steps(3).seed(7);
        Image without = engine.generate(request.build()).getFirst().image();

        assertThat(engine.generate(
                                request.addOns(AddOns.NONE.withEmbedding(file)).build())
                        .getFirst()
                        .image())
                .isNotEqualTo(without);
        assertThat(owl(AddOns.NONE.withEmbedding(file))).isEqualTo(plain);
    }

    @Test
    void aControlNetSteersInItsPartOfTheSteps() throws IOException {
        Control control = Control.of(DemoAddOns.controlNet(folder), edges);
        Image steered = owl(AddOns.NONE.withControlNet(control));

        assertThat(steered).isNotEqualTo(plain);
        assertThat(owl(AddOns.NONE.withControlNet(control.withScale(0)))).isEqualTo(plain);
        assertThat(owl(AddOns.NONE.withControlNet(new Control(control.model(), edges, 1, 0.9, 1))))
                .isEqualTo(plain);
        assertThat(owl(AddOns.NONE.withControlNet(new Control(control.model(), edges, 1, 0, 0.5))))
                .isNotEqualTo(plain)
                .isNotEqualTo(steered);
        assertThat(owl(AddOns.NONE.withControlNet(control).withGuessMode(true))).isNotEqualTo(steered);
    }

    @Test
    void anAdapterSteersInItsPartOfTheSteps() throws IOException {
        Path model = DemoAddOns.adapter(folder);
        Image steered = owl(AddOns.NONE.withAdapter(Control.of(model, edges)));

        assertThat(steered).isNotEqualTo(plain);
        assertThat(owl(AddOns.NONE.withAdapter(new Control(model, edges, 1, 0.9, 1))))
                .isEqualTo(plain);
        Image first = owl(AddOns.NONE.withAdapter(new Control(model, edges, 1, 0, 0.34)));
        assertThat(first).isNotEqualTo(plain).isNotEqualTo(steered);
        AddOns inTurn = AddOns.NONE
                .withAdapter(new Control(model, edges, 1, 0, 0.34))
                .withAdapter(new Control(model, edges, 1, 0.33, 1));
        assertThat(owl(inTurn)).isEqualTo(steered);
    }

    @Test
    void aSteeredPictureIsTheSameAloneAndInABatch() throws IOException {
        AddOns addOns = AddOns.NONE.with(lora(1)).withControlNet(Control.of(DemoAddOns.controlNet(folder), edges));
        Image second = engine.generate(request().addOns(addOns).batch(2).build())
                .get(1)
                .image();

        assertThat(engine.generate(request().addOns(addOns).seed(8).build())
                        .getFirst()
                        .image())
                .isEqualTo(second);
    }

    @Test
    void whatDoesNotFitIsRefusedAndTheEngineGoesOn() throws IOException {
        Path net = DemoAddOns.controlNet(folder);
        Path other = folder.resolve("other.safetensors");
        new SafetensorsWriter()
                .add("lora_unet_nowhere.lora_up.weight", Tensor.of(new float[4], 2, 2))
                .add("lora_unet_nowhere.lora_down.weight", Tensor.of(new float[4], 2, 2))
                .write(other);
        Path text = Files.writeString(folder.resolve("text.safetensors"), "<html>");

        assertThatThrownBy(() -> owl(AddOns.NONE.with(new Lora(other, LoraWeight.of(1)))))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageContaining("other.safetensors: expected tensors for layers of the model");
        assertThatThrownBy(() -> owl(AddOns.NONE.with(new Lora(text, LoraWeight.of(1)))))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageContaining("text.safetensors");
        assertThatThrownBy(() -> owl(AddOns.NONE.withControlNet(Control.of(net, Image.of(8, 8, new byte[192])))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("control: expected a picture of 64 x 48 pixels as the request, found 8 x 8");
        assertThatThrownBy(() -> owl(AddOns.NONE.withAdapter(Control.of(net, edges))))
                .isInstanceOf(ModelException.class);
        assertThatThrownBy(() -> new Control(net, edges, 1, 0.5, 0.5)).hasMessageContaining("expected a start from 0");
        assertThat(owl(AddOns.NONE)).isEqualTo(plain);
    }
}
