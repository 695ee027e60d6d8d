package dev.aquarelle.sd.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.sd.FormulaWeights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.clip.ClipVisionConfig;
import dev.aquarelle.sd.clip.ClipVisionModel;
import dev.aquarelle.sd.clip.TinyImageEncoder;
import dev.aquarelle.sd.unet.Steering;
import dev.aquarelle.sd.unet.TinyUNet;
import dev.aquarelle.sd.unet.UNet2DConditionModel;
import dev.aquarelle.sd.unet.UNetConfig;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The numbers are diffusers' of {@link FormulaWeights} over a whole file, beside {@link TinyImageEncoder} and {@link TinyUNet}. */
class IPAdapterTest {
    private static final ClipVisionModel ENCODER = TinyImageEncoder.load();
    private static final float[] TOKENS = {
        2.245963f, -0.501489f, 1.174792f, -0.7052381f, -0.8621343f, -0.5281207f, -1.460136f, 1.020904f, -0.8431477f,
        1.507307f, -0.5713392f, 0.3950616f, -0.2148522f, -0.09032222f, 0.3588946f, -1.126057f, 1.721353f, -0.5682359f,
        2.200475f, -0.5520257f, 1.26512f, -0.8214159f, -0.6651292f, -0.6149854f
    };
    private static final float[] NO_PICTURE = {
        1.533208f,
        1.531811f,
        0.7226078f,
        -0.3254698f,
        -1.033627f,
        -1.227969f,
        -1.979509f,
        -0.6600452f,
        0.6527755f,
        1.152073f,
        0.7540357f,
        -0.1133577f,
        0.3058996f,
        -0.8295935f,
        -1.118809f,
        -0.4992386f,
        0.4568342f,
        1.277781f,
        1.564216f,
        1.528637f,
        0.6975761f,
        -0.3482524f,
        -1.037185f,
        -1.207935f
    };

    private static Map<String, Tensor> base() {
        FormulaWeights tensors = new FormulaWeights(0, 0);
        tensors.linear("image_proj.proj", 4, 24);
        tensors.norm("image_proj.norm", 6);
        attentions(tensors);
        return new TreeMap<>(tensors.tensors());
    }

    /** On the way down, on the way up, in the middle. */
    private static void attentions(FormulaWeights tensors) {
        int[] channels = {8, 16, 16, 16, 8, 8, 16};
        for (int i = 0; i < channels.length; i++) {
            tensors.tensor("ip_adapter.%d.to_k_ip.weight".formatted(2 * i + 1), channels[i], 6);
            tensors.tensor("ip_adapter.%d.to_v_ip.weight".formatted(2 * i + 1), channels[i], 6);
        }
    }

    private static IPAdapter load(Map<String, Tensor> tensors) {
        return IPAdapter.load(Weights.of("ip-adapter.safetensors", tensors));
    }

    private static Tensor run(Graph graph, Tensor... inputs) {
        try (Backend backend = Backends.open("reference", BackendOptions.DEFAULT);
                Program program = backend.compile(graph)) {
            Tensor out = program.run(inputs);
            return Tensor.of(out.toFloatArray(), out.shape().dims());
        }
    }

    private static float[] denoised(UNet2DConditionModel unet, float scale) {
        return TinyUNet.run(
                unet,
                Steering.Kinds.ofImage(4),
                List.of(Tensor.of(TOKENS.clone(), 1, 4, 6), Tensor.of(new float[] {scale}, 1)));
    }

    private static float[] joined(float[]... parts) {
        float[] all = new float[parts.length * parts[0].length];
        for (int i = 0; i < parts.length; i++) {
            System.arraycopy(parts[i], 0, all, i * parts[0].length, parts[i].length);
        }
        return all;
    }

    @Test
    void tokensAreDiffusersAndThoseOfNoPictureComeFirst() {
        Tensor tokens = run(load(base()).graph(ENCODER, 1, 1, 2), TinyImageEncoder.image());

        assertThat(tokens.shape()).isEqualTo(Shape.of(3, 4, 6));
        assertThat(tokens.toFloatArray()).containsExactly(joined(NO_PICTURE, TOKENS, TOKENS), within(2e-5f));
    }

    @Test
    void tokensOfSeveralPicturesStandOneAfterTheOther() {
        float[] image = TinyImageEncoder.image().toFloatArray();

        Tensor tokens = run(load(base()).graph(ENCODER, 2, 1, 1), Tensor.of(joined(image, image), 2, 4, 4, 3));

        assertThat(tokens.shape()).isEqualTo(Shape.of(2, 8, 6));
        assertThat(tokens.toFloatArray())
                .containsExactly(joined(NO_PICTURE, NO_PICTURE, TOKENS, TOKENS), within(2e-5f));
    }

    @Test
    void theDenoiserLooksAtThePicture() {
        UNetConfig config = TinyUNet.config();
        UNet2DConditionModel unet = UNet2DConditionModel.load(
                IPAdapter.laidOver(TinyUNet.weights(), config, List.of(load(base()))), config);

        assertThat(denoised(unet, 0.8f))
                .containsExactly(
                        new float[] {
                            -0.7166295f,
                            -0.969606f,
                            -1.080069f,
                            -0.7272721f,
                            4.240818f,
                            5.285846f,
                            3.745765f,
                            1.964252f,
                            -1.888612f,
                            -4.950235f,
                            -5.31903f,
                            -2.864477f,
                            -1.244632f,
                            0.4503636f,
                            2.879159f,
                            2.440796f
                        },
                        within(2e-5f));
        float[] textOnly = TinyUNet.run(unet, Steering.Kinds.NONE, List.of());
        assertThat(denoised(unet, 0)).containsExactly(textOnly, within(1e-6f));
        assertThatThrownBy(() -> TinyUNet.run(unet, new Steering.Kinds(false, 0, List.of(4, 4)), List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("2 pictures for a model with 1 IP-Adapters");
    }

    @Test
    void aSecondAdapterHasKeysAndValuesOfItsOwn() {
        Weights laid = IPAdapter.laidOver(TinyUNet.weights(), TinyUNet.config(), List.of(load(base()), load(base())));

        assertThat(laid.has("mid_block.attentions.0.transformer_blocks.0.attn2.processor.to_v_ip.1.weight"))
                .isTrue();
        assertThat(laid.names()).hasSize(TinyUNet.weights().names().size() + 2 * 14);
    }

    @Test
    void plusIsDiffusers() {
        FormulaWeights tensors = new FormulaWeights(0, 0);
        tensors.tensor("latents", 1, 3, 8);
        tensors.linear("proj_in", 8, 8);
        tensors.linear("proj_out", 8, 6);
        tensors.norm("norm_out", 6);
        for (int i = 0; i < 2; i++) {
            String layer = "layers." + i;
            tensors.norm(layer + ".0.norm1", 8);
            tensors.norm(layer + ".0.norm2", 8);
            tensors.tensor(layer + ".0.to_q.weight", 64, 8);
            tensors.tensor(layer + ".0.to_kv.weight", 128, 8);
            tensors.tensor(layer + ".0.to_out.weight", 8, 64);
            tensors.norm(layer + ".1.0", 8);
            tensors.tensor(layer + ".1.1.weight", 32, 8);
            tensors.tensor(layer + ".1.3.weight", 8, 32);
        }

        Tensor tokens = run(withProjection(tensors).graph(ENCODER, 1, 1, 1), TinyImageEncoder.image());

        assertThat(tokens.toFloatArray())
                .containsExactly(
                        new float[] {
                            -1.725703f,
                            -0.9380461f,
                            -0.01363963f,
                            0.5542843f,
                            0.6900246f,
                            0.4805683f,
                            -1.788136f,
                            -0.8977785f,
                            0.0653679f,
                            0.6064344f,
                            0.6784896f,
                            0.3870044f,
                            -1.879386f,
                            -0.8116064f,
                            0.2095225f,
                            0.6934859f,
                            0.6473668f,
                            0.2092486f,
                            -1.639533f,
                            -0.9799862f,
                            -0.1077748f,
                            0.4882189f,
                            0.6986168f,
                            0.5884459f,
                            -1.706313f,
                            -0.9487461f,
                            -0.03596338f,
                            0.5390744f,
                            0.6925528f,
                            0.5064936f,
                            -1.87904f,
                            -0.8120324f,
                            0.2088516f,
                            0.6930993f,
                            0.6475436f,
                            0.2100982f
                        },
                        within(1e-5f));
    }

    @Test
    void fullFaceIsDiffusers() {
        FormulaWeights tensors = new FormulaWeights(0, 0);
        tensors.linear("proj.0", 8, 8);
        tensors.linear("proj.2", 8, 6);
        tensors.norm("proj.3", 6);
        IPAdapter adapter = withProjection(tensors);

        Tensor tokens = run(adapter.graph(ENCODER, 1, 0, 1), TinyImageEncoder.image());

        assertThat(adapter.tokens(ENCODER)).isEqualTo(5);
        assertThat(tokens.shape()).isEqualTo(Shape.of(1, 5, 6));
        assertThat(tokens.toFloatArray())
                .startsWith(
                        new float[] {
                            1.336967f,
                            1.252334f,
                            0.5371704f,
                            -0.328138f,
                            -1.049806f,
                            -1.487286f,
                            0.6779736f,
                            1.177177f,
                            0.8162022f,
                            0.002886706f,
                            -0.9009987f,
                            -1.718218f
                        },
                        within(1e-5f));
    }

    private static IPAdapter withProjection(FormulaWeights projection) {
        FormulaWeights attentions = new FormulaWeights(0, 0);
        attentions(attentions);
        Map<String, Tensor> tensors = new TreeMap<>(attentions.tensors());
        projection.tensors().forEach((name, tensor) -> tensors.put("image_proj." + name, tensor));
        return load(tensors);
    }

    @Test
    void whatDoesNotFitIsRefused() {
        UNetConfig sd15 = UNetConfig.of(ModelConfig.parse("config.json", "{\"cross_attention_dim\": 768}"));
        ClipVisionModel other = new ClipVisionModel(
                new ClipVisionConfig(ENCODER.config().layer(), 2, 4, 2, 5),
                ENCODER.patchEmbedding(),
                ENCODER.classEmbedding(),
                ENCODER.positionEmbedding(),
                ENCODER.preLayerNorm(),
                ENCODER.layers(),
                ENCODER.postLayerNorm(),
                ENCODER.visualProjection());

        assertThatThrownBy(() -> IPAdapter.laidOver(TinyUNet.weights(), sd15, List.of(load(base()))))
                .isInstanceOf(ModelException.class)
                .hasMessage("ip-adapter.safetensors: this IP-Adapter does not fit model.safetensors: expected 16"
                        + " attentions to tokens of width 768, found 7 of width 6");
        assertThatThrownBy(() -> load(base()).graph(other, 1, 1, 1))
                .isInstanceOf(ModelException.class)
                .hasMessage("ip-adapter.safetensors: this IP-Adapter needs another image encoder: expected one of width"
                        + " 4, found 5");
    }

    @Test
    void otherAndDamagedFilesAreRefused() {
        Map<String, Tensor> face = base();
        face.put("image_proj.proj.0.weight", face.remove("image_proj.proj.weight"));
        assertThatThrownBy(() -> load(face))
                .isInstanceOf(ModelException.class)
                .hasMessage("ip-adapter.safetensors: IP-Adapters of face identities are not supported");

        assertThatThrownBy(() -> load(Map.of("image_proj.norm.weight", Tensor.of(new float[6], 6))))
                .isInstanceOf(ModelException.class)
                .hasMessage("ip-adapter.safetensors: expected an IP-Adapter, found no image_proj and ip_adapter");

        Map<String, Tensor> uneven = base();
        uneven.put("image_proj.norm.weight", Tensor.of(new float[5], 5));
        assertThatThrownBy(() -> load(uneven))
                .isInstanceOf(ModelException.class)
                .hasMessage("image_proj.proj.weight: expected a multiple of 5 rows, found [24, 4] in"
                        + " ip-adapter.safetensors");

        Map<String, Tensor> misshapen = base();
        misshapen.put("ip_adapter.3.to_v_ip.weight", Tensor.of(new float[16 * 7], 16, 7));
        UNetConfig config = TinyUNet.config();
        assertThatThrownBy(() -> UNet2DConditionModel.load(
                        IPAdapter.laidOver(TinyUNet.weights(), config, List.of(load(misshapen))), config))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("down_blocks.1.attentions.0.transformer_blocks.0.attn2.processor.to_v_ip.0.weight: expected"
                        + " [16, 6], found [16, 7] in ip-adapter.safetensors");
    }
}
