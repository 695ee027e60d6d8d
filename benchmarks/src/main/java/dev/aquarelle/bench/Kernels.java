package dev.aquarelle.bench;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.LayoutOp;
import dev.aquarelle.ops.graph.MapOp;
import dev.aquarelle.ops.graph.NormOp;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.unet.UNet2DConditionModel;
import dev.aquarelle.sd.unet.UNetConfig;
import dev.aquarelle.sd.unet.UNetInputs;
import dev.aquarelle.sd.vae.AutoencoderKL;
import dev.aquarelle.sd.vae.VaeConfig;
import dev.aquarelle.weights.SyntheticModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** All distinct kernels of Stable Diffusion 1.5's U-Net, with guidance, and of its VAE's decoder, for pictures of 512x512. */
public final class Kernels {
    private static final SyntheticModel MODEL = SyntheticModel.SD15;
    private static final int LATENTS = 64;
    private static final int TOKENS = 77;

    private Kernels() {}

    /** By name, in the order in which the model has them. */
    public static Map<String, Kernel> all() {
        Map<String, Kernel> kernels = new LinkedHashMap<>();
        try (Arena arena = Arena.ofConfined()) {
            UNet2DConditionModel unet =
                    UNet2DConditionModel.load(weights("unet", arena), UNetConfig.of(config("unet")));
            collect(unet.graph(new UNetInputs.Sizes(2, LATENTS, LATENTS, TOKENS)), kernels);
            AutoencoderKL vae = AutoencoderKL.load(weights("vae", arena), VaeConfig.of(config("vae")));
            collect(vae.decoderGraph(1, LATENTS, LATENTS), kernels);
        }
        return kernels;
    }

    /**
     * The kernel of that name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Kernel named(String name) {
        Kernel kernel = all().get(name);
        if (kernel == null) {
            throw new IllegalArgumentException("no kernel is named '%s'; --list tells all".formatted(name));
        }
        return kernel;
    }

    private static void collect(Graph graph, Map<String, Kernel> kernels) {
        Set<Value> taken = new HashSet<>(); // norms that belong to the SiLU behind them
        for (Value value : graph.values().reversed()) {
            if (isSilu(value) && value.operands().getFirst().op() instanceof NormOp.GroupNorm) {
                taken.add(value.operands().getFirst());
            }
        }
        for (Value value : graph.values()) {
            boolean free = value.op() instanceof SourceOp
                    || value.op() instanceof LayoutOp
                    || value.op() instanceof MapOp.TimestepEmbedding;
            if (!free && !taken.contains(value)) {
                Kernel kernel = kernel(value, taken);
                kernels.putIfAbsent(kernel.name(), kernel);
            }
        }
    }

    private static Kernel kernel(Value value, Set<Value> taken) {
        Value first = value.operands().getFirst();
        return taken.contains(first)
                ? new Kernel(first.op(), true, operands(first))
                : new Kernel(value.op(), false, operands(value));
    }

    private static List<Kernel.Operand> operands(Value value) {
        return value.operands().stream()
                .map(operand -> new Kernel.Operand(operand.shape(), operand.op() instanceof SourceOp.Constant))
                .toList();
    }

    private static boolean isSilu(Value value) {
        return value.op() instanceof MapOp.Activate activate && activate.function() == Activation.SILU;
    }

    /** Only shapes count: all tensors are the same memory, of zeros. */
    private static Weights weights(String part, Arena arena) {
        Map<String, Shape> shapes = Objects.requireNonNull(MODEL.tensors().get(part));
        long largest = shapes.values().stream().mapToLong(Shape::size).max().orElseThrow();
        MemorySegment zeros = arena.allocate(DType.F16.bytesFor(largest), Tensor.ALIGNMENT);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        shapes.forEach((name, shape) ->
                tensors.put(name, new Tensor(shape, DType.F16, zeros.asSlice(0, DType.F16.bytesFor(shape.size())))));
        return Weights.of(part, tensors);
    }

    private static ModelConfig config(String part) {
        String file = MODEL.id() + "/" + part + "/config.json";
        try (InputStream in = SyntheticModel.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException(file + ": missing in weights-tools");
            }
            return ModelConfig.parse(file, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
