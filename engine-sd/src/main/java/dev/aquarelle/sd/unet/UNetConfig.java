package dev.aquarelle.sd.unet;

import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.nn.NormConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What {@code unet/config.json} says of a denoiser, after diffusers' {@code UNet2DConditionModel}.
 *
 * @param inChannels channels of the sample: 4 of latents, or 9 with those of a mask and of the picture around it
 * @param outChannels channels of the prediction
 * @param sampleHeight height of the latents the model was trained at
 * @param sampleWidth their width
 * @param centerInputSample whether the sample is first mapped from [0, 1] to [-1, 1]
 * @param flipSinToCos whether the cosines of the timestep's sinusoids come first
 * @param freqShift of the sinusoids' frequencies, 0 in Stable Diffusion
 * @param downBlocks from the outermost to the innermost
 * @param midBlock set up as the last of them, but for its first attentions, which are always to the pixels; null if there is none
 * @param upBlocks from the innermost to the outermost; none in a ControlNet
 * @param norm of the residual blocks and before the last convolution
 * @param timeEmbedDim width of the timestep embedding
 * @param convInKernel side of the first convolution's kernel
 * @param convOutKernel side of the last convolution's kernel
 * @param timeCondProjDim width of a guidance embedding that joins the timestep's (LCM), 0 for none
 * @param textTime the further condition of SDXL, if the model has it
 */
public record UNetConfig(
        int inChannels,
        int outChannels,
        int sampleHeight,
        int sampleWidth,
        boolean centerInputSample,
        boolean flipSinToCos,
        float freqShift,
        List<Block> downBlocks,
        @Nullable Block midBlock,
        List<Block> upBlocks,
        NormConfig norm,
        int timeEmbedDim,
        int convInKernel,
        int convOutKernel,
        int timeCondProjDim,
        @Nullable TextTime textTime) {
    private static final int LARGEST = 1 << 16; // far above any real size; products of a few such sizes fit a long
    private static final int USUAL_SAMPLE_SIZE = 64;

    /** 0.0 to 0.8 with anything behind. */
    private static final Pattern OLD_VERSION = Pattern.compile("0\\.0*[0-8](?![0-9])");

    private static final List<String> DOWN = List.of("DownBlock2D", "CrossAttnDownBlock2D");
    private static final List<String> MID = List.of("UNetMidBlock2D", "UNetMidBlock2DCrossAttn");
    private static final List<String> UP = List.of("UpBlock2D", "CrossAttnUpBlock2D");

    /**
     * One block of the U.
     *
     * @param channels of its feature maps
     * @param layers how many residual blocks it has
     * @param crossAttention whether a transformer follows each of them; in the middle, whether one is between two, or one is alone
     * @param transformerLayers depth of each transformer
     * @param heads attention heads of each transformer
     * @param crossAttentionDim width of the text's hidden states
     * @param onlyCrossAttention whether the transformers look at the text where others look at the pixels
     */
    public record Block(
            int channels,
            int layers,
            boolean crossAttention,
            int transformerLayers,
            int heads,
            int crossAttentionDim,
            boolean onlyCrossAttention) {}

    /**
     * The pooled text and six numbers on sizes and cropping ({@code addition_embed_type 'text_time'}).
     *
     * @param timeEmbedDim width of each number's sinusoids
     * @param inputDim width of the pooled text and all sinusoids together
     */
    public record TextTime(int timeEmbedDim, int inputDim) {}

    public UNetConfig {
        downBlocks = List.copyOf(downBlocks);
        upBlocks = List.copyOf(upBlocks);
    }

    /**
     * Reads a {@code config.json}.
     *
     * @throws ModelException if a field is broken, or says something the engine does not support
     */
    public static UNetConfig read(Path file) {
        return of(ModelConfig.read(file));
    }

    /**
     * Takes a configuration's fields; what is absent has diffusers' defaults.
     *
     * @throws ModelException if a field is broken, or says something the engine does not support
     */
    public static UNetConfig of(ModelConfig json) {
        refuseUnsupported(json, "UNet2DConditionModel");
        List<Block> downBlocks = downBlocks(json);
        return of(json, downBlocks, upBlocks(json, downBlocks));
    }

    /**
     * Takes the fields of a {@code ControlNetModel}, which is the first half of a denoiser: there are no {@code upBlocks}.
     *
     * @throws ModelException if a field is broken, or says something the engine does not support
     */
    public static UNetConfig ofControlNet(ModelConfig json) {
        refuseUnsupported(json, "ControlNetModel");
        return of(json, downBlocks(json), List.of());
    }

    private static UNetConfig of(ModelConfig json, List<Block> downBlocks, List<Block> upBlocks) {
        List<Integer> sampleSize = sampleSize(json);
        int outermost = downBlocks.getFirst().channels();
        UNetConfig config = new UNetConfig(
                json.integer("in_channels", 1, LARGEST, 4),
                json.integer("out_channels", 1, LARGEST, 4),
                sampleSize.get(0),
                sampleSize.get(1),
                json.bool("center_input_sample", false),
                json.bool("flip_sin_to_cos", true),
                (float) json.number("freq_shift", 0),
                downBlocks,
                json.isNull("mid_block_type") ? null : midBlock(json, downBlocks.getLast()),
                upBlocks,
                new NormConfig(json.integer("norm_num_groups", 1, LARGEST, 32), epsilon(json)),
                json.integer("time_embedding_dim", 1, 4 * LARGEST, 4 * outermost),
                json.integer("conv_in_kernel", 1, LARGEST, 3),
                json.integer("conv_out_kernel", 1, LARGEST, 3),
                json.integer("time_cond_proj_dim", 1, LARGEST, 0),
                textTime(json));
        config.checkDivisions(json);
        return config;
    }

    private static List<Block> downBlocks(ModelConfig json) {
        List<Integer> channels = json.has("block_out_channels")
                ? json.integers("block_out_channels", 1, LARGEST)
                : List.of(320, 640, 1280, 1280);
        int levels = channels.size();
        if (levels == 0) {
            throw json.mismatch("block_out_channels", "at least one level");
        }
        List<Integer> layers = json.integerForEach("layers_per_block", levels, 1, 64, 2);
        List<Integer> transformerLayers = json.integerForEach("transformer_layers_per_block", levels, 0, 256, 1);
        List<Integer> heads = heads(json, levels);
        List<Integer> crossAttentionDims = json.integerForEach("cross_attention_dim", levels, 1, LARGEST, 1280);
        List<Boolean> down = crossAttention(
                json, "down_block_types", List.of(DOWN.get(1), DOWN.get(1), DOWN.get(1), DOWN.get(0)), DOWN, levels);
        List<Boolean> onlyCross = json.boolForEach("only_cross_attention", levels, false);
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < levels; i++) {
            blocks.add(new Block(
                    channels.get(i),
                    layers.get(i),
                    down.get(i),
                    transformerLayers.get(i),
                    heads.get(i),
                    crossAttentionDims.get(i),
                    onlyCross.get(i)));
        }
        return blocks;
    }

    /** Those of the way down mirrored, each with one layer more. */
    private static List<Block> upBlocks(ModelConfig json, List<Block> downBlocks) {
        int levels = downBlocks.size();
        List<Boolean> up =
                crossAttention(json, "up_block_types", List.of(UP.get(0), UP.get(1), UP.get(1), UP.get(1)), UP, levels);
        List<Integer> transformerLayers = json.has("reverse_transformer_layers_per_block")
                ? json.integerForEach("reverse_transformer_layers_per_block", levels, 0, 256, 1)
                : downBlocks.reversed().stream().map(Block::transformerLayers).toList();
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < levels; i++) {
            Block mirrored = downBlocks.get(levels - 1 - i);
            blocks.add(new Block(
                    mirrored.channels(),
                    mirrored.layers() + 1,
                    up.get(i),
                    transformerLayers.get(i),
                    mirrored.heads(),
                    mirrored.crossAttentionDim(),
                    mirrored.onlyCrossAttention()));
        }
        return blocks;
    }

    private static Block midBlock(ModelConfig json, Block last) {
        return new Block(
                last.channels(),
                last.layers(),
                json.string("mid_block_type", MID.get(1)).equals(MID.get(1)),
                last.transformerLayers(),
                last.heads(),
                last.crossAttentionDim(),
                false);
    }

    /**
     * Files from before diffusers 0.9 say 32 or less of models that were trained at 64: one number so small is not believed, as in
     * diffusers' pipelines.
     */
    private static List<Integer> sampleSize(ModelConfig json) {
        List<Integer> size = json.integerForEach("sample_size", 2, 1, LARGEST, USUAL_SAMPLE_SIZE);
        boolean old = OLD_VERSION
                .matcher(json.string("_diffusers_version", "unknown"))
                .lookingAt();
        return old && !json.isList("sample_size") && size.getFirst() < USUAL_SAMPLE_SIZE
                ? List.of(USUAL_SAMPLE_SIZE, USUAL_SAMPLE_SIZE)
                : size;
    }

    private static float epsilon(ModelConfig json) {
        float epsilon = (float) json.number("norm_eps", 1e-5);
        if (!(epsilon > 0 && epsilon < 1)) {
            throw json.mismatch("norm_eps", "a number above 0 and below 1");
        }
        return epsilon;
    }

    /**
     * A feature map that the way down leaves for the way up.
     *
     * @param channels of the map
     * @param halvings how often height and width have been halved before it, each time rounded up
     */
    public record Skip(int channels, int halvings) {
        /** What is left of a number of rows or columns. */
        int halved(int length) {
            return Math.ceilDiv(length, 1 << Math.min(halvings, 30));
        }
    }

    /** What the way down leaves, in that order: the first convolution's output, and those of each block's layers and downsampler. */
    public List<Skip> skips() {
        List<Skip> skips = new ArrayList<>();
        skips.add(new Skip(downBlocks.getFirst().channels(), 0));
        for (int level = 0; level < downBlocks.size(); level++) {
            Block block = downBlocks.get(level);
            for (int layer = 0; layer < block.layers(); layer++) {
                skips.add(new Skip(block.channels(), level));
            }
            if (level < downBlocks.size() - 1) {
                skips.add(new Skip(block.channels(), level + 1));
            }
        }
        return List.copyOf(skips);
    }

    /**
     * Where features of a T2I-Adapter are added: to each block's last layer, or behind the downsampler of a block without transformers; and
     * to the middle.
     */
    public List<Skip> adapterPlaces() {
        List<Skip> places = new ArrayList<>();
        int innermost = downBlocks.size() - 1;
        for (int level = 0; level <= innermost; level++) {
            Block block = downBlocks.get(level);
            boolean behind = !block.crossAttention() && level < innermost;
            places.add(new Skip(block.channels(), behind ? level + 1 : level));
        }
        if (midBlock != null) {
            places.add(new Skip(midBlock.channels(), innermost));
        }
        return List.copyOf(places);
    }

    /** Width of the text's hidden states, which all blocks share. */
    public int crossAttentionDim() {
        return downBlocks.getLast().crossAttentionDim();
    }

    private static void refuseUnsupported(ModelConfig json, String className) {
        json.supportOnly("_class_name", className);
        json.supportOnly("mid_block_type", MID.toArray(String[]::new));
        json.supportOnly("act_fn", "silu", "swish");
        json.supportOnly("class_embed_type");
        json.supportOnly("num_class_embeds");
        json.supportOnly("class_embeddings_concat", "false");
        json.supportOnly("encoder_hid_dim");
        json.supportOnly("encoder_hid_dim_type");
        json.supportOnly("addition_embed_type", "text_time");
        json.supportOnly("time_embedding_type", "positional");
        json.supportOnly("time_embedding_act_fn");
        json.supportOnly("timestep_post_act");
        json.supportOnly("resnet_time_scale_shift", "default");
        json.supportOnly("resnet_skip_time_act", "false");
        json.supportOnly("resnet_out_scale_factor", "1");
        json.supportOnly("mid_block_scale_factor", "1");
        json.supportOnly("downsample_padding", "1");
        json.supportOnly("conv_in_kernel", "1", "3", "5", "7");
        json.supportOnly("conv_out_kernel", "1", "3", "5", "7");
        json.supportOnly("attention_type", "default");
        json.supportOnly("dual_cross_attention", "false");
        json.supportOnly("cross_attention_norm");
        // None matters here: nothing is dropped when a picture is made, attention is computed in float32 anyway, the
        // tensors' shapes tell how projections are stored, and mid_block_only_cross_attention as well as
        // addition_embed_type_num_heads are of types that are refused above.
        json.number("dropout", 0);
        json.bool("upcast_attention", false);
        json.bool("use_linear_projection", false);
        json.bool("mid_block_only_cross_attention", false);
        json.integer("addition_embed_type_num_heads", 0, Integer.MAX_VALUE, 64);
    }

    /**
     * {@code attention_head_dim} is the number of heads, not their width: an error of the first release that every published file keeps. The
     * rightly named field is refused by diffusers as well.
     */
    private static List<Integer> heads(ModelConfig json, int levels) {
        if (json.has("num_attention_heads")) {
            throw new ModelException(
                    "%s: num_attention_heads is not supported; files of this kind count heads in attention_head_dim"
                            .formatted(json.file()));
        }
        return json.integerForEach("attention_head_dim", levels, 1, LARGEST, 8);
    }

    private static List<Boolean> crossAttention(
            ModelConfig json, String field, List<String> fallback, List<String> plainAndCross, int levels) {
        List<String> types = json.has(field) ? json.strings(field) : fallback;
        if (types.size() != levels) {
            throw json.mismatch(field, "%d blocks, as block_out_channels has levels".formatted(levels));
        }
        for (String type : types) {
            if (!plainAndCross.contains(type)) {
                throw new ModelException("%s: %s '%s' is not supported".formatted(json.file(), field, type));
            }
        }
        return types.stream().map(plainAndCross.get(1)::equals).toList();
    }

    private static @Nullable TextTime textTime(ModelConfig json) {
        int timeEmbedDim = json.integer("addition_time_embed_dim", 1, LARGEST, 0);
        int inputDim = json.integer("projection_class_embeddings_input_dim", 1, LARGEST, 0);
        if (json.string("addition_embed_type", "").isEmpty()) {
            return null;
        }
        if (timeEmbedDim == 0) {
            throw json.mismatch("addition_time_embed_dim", "a size, since addition_embed_type is 'text_time'");
        }
        if (inputDim == 0) {
            throw json.mismatch(
                    "projection_class_embeddings_input_dim", "a size, since addition_embed_type is 'text_time'");
        }
        return new TextTime(timeEmbedDim, inputDim);
    }

    private void checkDivisions(ModelConfig json) {
        for (Block block : downBlocks) {
            if (block.channels() % norm.groups() != 0) {
                throw json.mismatch("norm_num_groups", "a divisor of %d channels".formatted(block.channels()));
            }
            boolean transforms = block.crossAttention()
                    || midBlock != null && midBlock.crossAttention() && block.equals(downBlocks.getLast());
            if (block.channels() % block.heads() != 0 && transforms) {
                throw json.mismatch(
                        "attention_head_dim",
                        "a number of heads (despite its name) that divides %d channels".formatted(block.channels()));
            }
            if (block.crossAttentionDim() != crossAttentionDim()) {
                throw new ModelException(
                        "%s: cross_attention_dim with different widths is not supported".formatted(json.file()));
            }
        }
    }
}
