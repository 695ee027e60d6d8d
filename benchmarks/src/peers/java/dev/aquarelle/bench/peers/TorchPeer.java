package dev.aquarelle.bench.peers;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.LayerNorm;
import dev.aquarelle.bench.Kernel;
import dev.aquarelle.bench.KernelRunner;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.MapOp;
import dev.aquarelle.ops.graph.NormOp;
import dev.aquarelle.ops.graph.ProductOp;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * libtorch through DJL, float32. Images are channels last in memory. DJL has no group norm and no fused attention: the one is left out, the
 * other composed of two products and a softmax.
 */
public final class TorchPeer implements KernelRunner.Peer {

    /** Called by {@link java.util.ServiceLoader}. */
    public TorchPeer() {}

    @Override
    public String name() {
        return "torch";
    }

    @Override
    public @Nullable KernelRunner prepare(Kernel kernel, List<Tensor> operands, int threads) {
        Function<NDArray[], NDArray> operation = operation(kernel);
        if (operation == null) {
            return null;
        }
        System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads)); // read when the engine is loaded
        NDManager manager = Engine.getEngine("PyTorch").newBaseManager();
        boolean image = kernel.op() instanceof ProductOp.Conv2d;
        NDArray[] arrays =
                operands.stream().map(operand -> array(manager, operand, image)).toArray(NDArray[]::new);
        return new Runner(manager, arrays, operation, image);
    }

    private static NDArray array(NDManager manager, Tensor operand, boolean image) {
        long[] dims = Arrays.stream(operand.shape().dims()).asLongStream().toArray();
        NDArray array = manager.create(operand.toFloatArray(), new Shape(dims));
        boolean channelsLast = image && operand.shape().rank() == 4 && operand.dtype() == DType.F32;
        return channelsLast ? array.transpose(0, 3, 1, 2) : array; // a view: torch knows it as channels_last
    }

    private static @Nullable Function<NDArray[], NDArray> operation(Kernel kernel) {
        return switch (kernel.op()) {
            case ProductOp.Conv2d conv
            when Kernel.evenPadding(conv.padding()) >= 0 -> {
                Shape stride = new Shape(conv.stride(), conv.stride());
                Shape padding = new Shape(conv.padding().top(), conv.padding().top());
                Shape dilation = new Shape(conv.dilation(), conv.dilation());
                yield x -> Conv2d.conv2d(
                                x[0], x[1], x.length > 2 ? x[2] : null, stride, padding, dilation, conv.groups())
                        .singletonOrThrow();
            }
            case ProductOp.Linear _ ->
                x -> Linear.linear(x[0], x[1], x.length > 2 ? x[2] : null).singletonOrThrow();
            case ProductOp.Attention op when !op.causal() -> x -> attention(op, x[0], x[1], x[2]);
            case NormOp.LayerNorm op
            when kernel.operands().size() == 3 -> {
                Shape last = new Shape(kernel.result().last());
                yield x -> LayerNorm.layerNorm(x[0], last, x[1], x[2], op.epsilon())
                        .singletonOrThrow();
            }
            case MapOp.GeGlu _ ->
                x -> {
                    long half = x[0].getShape().get(x[0].getShape().dimension() - 1) / 2;
                    return x[0].get("..., :" + half).mul(Activation.gelu(x[0].get("..., " + half + ":")));
                };
            case MapOp.Activate _ when kernel.kind().equals("silu") -> x -> Activation.swish(x[0], 1);
            case MapOp.Add _ -> x -> x[0].add(x[1]);
            case MapOp.AddPerChannel _ ->
                x -> x[0].add(x[1].reshape(
                        x[1].getShape().get(0), 1, 1, x[1].getShape().get(1)));
            default -> null;
        };
    }

    private static NDArray attention(ProductOp.Attention op, NDArray q, NDArray k, NDArray v) {
        NDArray weights = heads(op, q)
                .matMul(heads(op, k).transpose(0, 1, 3, 2))
                .mul(op.scale())
                .softmax(-1);
        Shape shape = q.getShape();
        return weights.matMul(heads(op, v)).transpose(0, 2, 1, 3).reshape(shape.get(0), shape.get(1), -1);
    }

    /** [N, L, heads D] as [N, heads, L, D]. */
    private static NDArray heads(ProductOp.Attention op, NDArray x) {
        Shape shape = x.getShape();
        return x.reshape(shape.get(0), shape.get(1), op.heads(), -1).transpose(0, 2, 1, 3);
    }

    private record Runner(NDManager manager, NDArray[] arrays, Function<NDArray[], NDArray> operation, boolean image)
            implements KernelRunner {
        @Override
        public void run() {
            for (int i = 0; i < REPEATS; i++) {
                inScope(result -> null);
            }
        }

        @Override
        public float[] result() {
            return inScope(result -> (image ? result.transpose(0, 2, 3, 1) : result).toFloatArray());
        }

        /** What a call makes belongs to the operands' manager: they are lent to one that ends with the call. */
        private <T> T inScope(Function<NDArray, T> use) {
            try (NDManager scope = manager.newSubManager()) {
                scope.tempAttachAll(arrays);
                return use.apply(operation.apply(arrays));
            }
        }

        @Override
        public void close() {
            manager.close();
        }
    }
}
