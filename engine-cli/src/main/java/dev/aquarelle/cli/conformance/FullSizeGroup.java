package dev.aquarelle.cli.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Program;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.clip.ClipTextConfig;
import dev.aquarelle.sd.clip.ClipTextModel;
import dev.aquarelle.sd.unet.UNet2DConditionModel;
import dev.aquarelle.sd.vae.AutoencoderKL;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * Group 13: parts of Stable Diffusion 1.5 at full size, with weights made by a recipe, which the user has as a folder. The inputs of a case say
 * which part it is about; a case without inputs is about the weights themselves.
 */
final class FullSizeGroup implements GoldenGroup {
    private static final Pattern GRID = Pattern.compile("image_grid(\\d{1,4})");
    private static final int CHUNK = 1 << 20;

    @Override
    public String name() {
        return "13_fullsize";
    }

    @Override
    public void run(GoldenCase golden, Backend backend, Check check) {
        if (golden.hasIn("input_ids")) {
            Path folder = golden.fullSizeModel("text_encoder");
            ClipTextConfig config = ClipTextConfig.of(ModelConfig.read(folder.resolve("config.json")));
            ClipTextModel model = ClipTextModel.load(Weights.open(folder, golden.arena()), config);
            TextEncoderGroup.encode(golden, model, backend, check);
        } else if (golden.hasIn("sample")) {
            UNet2DConditionModel unet = UNet2DConditionModel.load(golden.fullSizeModel("unet"), golden.arena());
            float timestep = golden.params().get("timestep").getAsFloat();
            UNetGroup.predict(golden, unet, Tensor.of(new float[] {timestep}, 1), backend, check);
        } else if (golden.hasIn("latents")) {
            decode(golden, AutoencoderKL.load(golden.fullSizeModel("vae"), golden.arena()), backend, check);
        } else if (golden.hasIn("image")) {
            encode(golden, AutoencoderKL.load(golden.fullSizeModel("vae"), golden.arena()), backend, check);
        } else {
            for (JsonElement file : golden.json().getAsJsonArray("files")) {
                checkWeights(golden, Json.readObject(golden.file(file.getAsString())), check);
            }
        }
    }

    private static void decode(GoldenCase golden, AutoencoderKL vae, Backend backend, Check check) {
        Tensor latents = Nchw.toNhwc(golden.in("latents"));
        Shape shape = latents.shape();
        try (Program program = backend.compile(vae.decoderGraph(shape.dim(0), shape.dim(1), shape.dim(2)))) {
            Tensor image = program.run(latents);
            for (String output : golden.outputs()) {
                check.closeNhwc(output, part(image, output, golden.out(output).shape()));
            }
        }
    }

    private static void encode(GoldenCase golden, AutoencoderKL vae, Backend backend, Check check) {
        Tensor image = Nchw.toNhwc(golden.in("image"));
        Shape shape = image.shape();
        try (Program program = backend.compile(vae.encoderGraph(shape.dim(0), shape.dim(1), shape.dim(2)))) {
            check.closeNhwc("moments", program.run(image));
        }
    }

    /** What a case keeps of a large picture: every k-th row and column ({@code image_grid8}), or its middle ({@code image_crop}). */
    private static Tensor part(Tensor image, String output, Shape nchw) {
        Matcher grid = GRID.matcher(output);
        if (grid.matches()) {
            int step = Integer.parseInt(grid.group(1));
            return pick(image, 0, 0, step, nchw.dim(2), nchw.dim(3));
        }
        if (output.equals("image_crop")) {
            int top = (image.shape().dim(1) - nchw.dim(2)) / 2;
            int left = (image.shape().dim(2) - nchw.dim(3)) / 2;
            return pick(image, top, left, 1, nchw.dim(2), nchw.dim(3));
        }
        throw new UnsupportedCaseException("a decoder's output " + output);
    }

    private static Tensor pick(Tensor image, int top, int left, int step, int height, int width) {
        int samples = image.shape().dim(0);
        int channels = image.shape().last();
        float[] picked = new float[samples * height * width * channels];
        int at = 0;
        for (int n = 0; n < samples; n++) {
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    long row = (long) n * image.shape().dim(1) + top + (long) y * step;
                    long pixel = row * image.shape().dim(2) + left + (long) x * step;
                    for (int c = 0; c < channels; c++) {
                        picked[at++] = image.getFloat(pixel * channels + c);
                    }
                }
            }
        }
        return Tensor.of(picked, samples, height, width, channels);
    }

    /** Name, shape, CRC-32 of the bytes and first values of every tensor, as listed by part of the model. */
    private static void checkWeights(GoldenCase golden, JsonObject listing, Check check) {
        JsonObject parts = listing.getAsJsonObject("tensors");
        for (Map.Entry<String, JsonElement> part : parts.asMap().entrySet()) {
            JsonObject expected = part.getValue().getAsJsonObject();
            Weights weights = Weights.open(golden.fullSizeModel(part.getKey()), golden.arena());
            check.equal(part.getKey() + ": names", weights.names(), expected.keySet());
            long parameters = 0;
            for (String name : expected.keySet()) {
                if (weights.has(name)) {
                    Tensor tensor = weights.get(name);
                    parameters += tensor.shape().size();
                    check.equal(name, described(tensor), described(expected.getAsJsonObject(name)));
                }
            }
            long total = listing.getAsJsonObject("total_parameters")
                    .get(part.getKey())
                    .getAsLong();
            check.equal(part.getKey() + ": parameters", parameters, total);
        }
    }

    private static String described(JsonObject entry) {
        return describe(
                entry.get("shape").toString().replace(",", ", "),
                entry.get("crc32").getAsLong(),
                entry.getAsJsonArray("first").asList().stream()
                        .map(JsonElement::getAsFloat)
                        .toList());
    }

    private static String described(Tensor tensor) {
        List<Float> first = new ArrayList<>();
        for (int i = 0; i < Math.min(4, tensor.shape().size()); i++) {
            first.add(tensor.getFloat(i));
        }
        CRC32 crc = new CRC32();
        byte[] chunk = new byte[CHUNK];
        long size = tensor.data().byteSize();
        for (long at = 0; at < size; at += CHUNK) {
            ByteBuffer bytes =
                    tensor.data().asSlice(at, Math.min(CHUNK, size - at)).asByteBuffer();
            int count = bytes.remaining();
            bytes.get(chunk, 0, count);
            crc.update(chunk, 0, count);
        }
        return describe(tensor.shape().toString(), crc.getValue(), first);
    }

    private static String describe(String shape, long crc, List<Float> first) {
        return "%s, CRC-32 %d, first %s".formatted(shape, crc, first);
    }
}
