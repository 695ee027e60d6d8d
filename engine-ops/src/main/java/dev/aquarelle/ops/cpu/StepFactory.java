package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.LayoutOp;
import dev.aquarelle.ops.graph.MapOp;
import dev.aquarelle.ops.graph.NormOp;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.ProductOp;
import dev.aquarelle.ops.graph.ResizeOp;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.TokenOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.ops.plan.SlabPlan;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes the step of each operation. The products are put together here from {@link GemmStep}s; the others have a class each. */
final class StepFactory {
    private final Places places;
    private final Kernels kernels;
    private final Buffers buffers;
    private final int threads;
    private final long scratch;

    StepFactory(Places places, Kernels kernels, Buffers buffers, int threads, long scratch) {
        this.places = places;
        this.kernels = kernels;
        this.buffers = buffers;
        this.threads = threads;
        this.scratch = scratch;
    }

    /** Steps that one operation takes, one after the other. */
    private record Sequence(List<Step> steps) implements Step {
        @Override
        public void run(Workers workers) {
            for (int i = 0; i < steps.size(); i++) { // no iterator: a run allocates nothing
                steps.get(i).run(workers);
            }
        }

        @Override
        public long packedBytes() {
            return steps.stream().mapToLong(Step::packedBytes).sum();
        }

        @Override
        public String kernel() {
            return steps.isEmpty() ? Step.super.kernel() : steps.getFirst().kernel(); // they are alike
        }
    }

    /** Which operand the result may lie on, because each of its numbers is read before it is written; -1 for none. */
    static int inPlaceOperand(Value value) {
        return switch (value.op()) {
            case MapOp.Activate _,
                    MapOp.Add _,
                    MapOp.Multiply _,
                    MapOp.AddPerChannel _,
                    MapOp.Scale _,
                    NormOp.GroupNorm _,
                    NormOp.LayerNorm _,
                    NormOp.Softmax _ -> 0;
            case SourceOp.Input _,
                    SourceOp.Constant _,
                    LayoutOp.Reshape _,
                    ProductOp.Conv2d _,
                    ProductOp.Linear _,
                    ProductOp.MatMul _,
                    ProductOp.Attention _,
                    MapOp.GeGlu _,
                    ResizeOp.UpsampleNearest _,
                    ResizeOp.AveragePool2 _,
                    LayoutOp.Concat _,
                    LayoutOp.Slice _,
                    LayoutOp.Embedding _,
                    LayoutOp.SelectRows _,
                    TokenOp _,
                    MapOp.TimestepEmbedding _ -> -1;
        };
    }

    /** Whether a constant operand is kept as F32; weights of products and tables are read as their file has them. */
    static boolean readsF32(SlabPlan.Node node, Value operand) {
        List<Value> reads = node.reads();
        Value fused = Fusion.of(node);
        return switch (fused == null ? node.result().op() : fused.op()) {
            case ProductOp.Conv2d _, ProductOp.Linear _, LayoutOp.Embedding _ ->
                reads.indexOf(operand) != 1 || reads.lastIndexOf(operand) != 1;
            default -> true;
        };
    }

    /** Scratch memory that the step of a node needs. */
    static long scratchBytes(SlabPlan.Node node, int threads) {
        Value result = node.result();
        List<Value> reads = node.reads();
        return switch (result.op()) {
            case ProductOp.Conv2d conv -> {
                Shape image = reads.get(0).shape();
                Shape weight = reads.get(1).shape();
                yield WinogradGeometry.suits(conv, image, weight, result.shape())
                        ? new WinogradGeometry(conv, image, result.shape()).scratchBytes(threads)
                        : convProduct(conv, result.shape(), weight, 0, -1, 0).scratchBytes(threads);
            }
            case ProductOp.Linear _ ->
                linearProduct(result.shape(), reads.get(1).shape(), 0, -1, false)
                        .scratchBytes(threads);
            case MapOp.GeGlu _ ->
                Fusion.of(node) == null
                        ? 0
                        : linearProduct(result.shape(), reads.get(1).shape(), 0, -1, true)
                                .scratchBytes(threads);
            case ProductOp.MatMul _ ->
                matMulProduct(result.shape(), reads.get(0).shape(), 0).scratchBytes(threads);
            case ProductOp.Attention attention -> heads(attention, reads).scratchBytes(threads);
            case NormOp.GroupNorm norm ->
                GroupNormStep.scratchBytes(norm, reads.get(0).shape());
            case MapOp.Activate _ -> {
                Value fused = Fusion.of(node);
                yield fused == null
                        ? 0
                        : GroupNormStep.scratchBytes(
                                (NormOp.GroupNorm) fused.op(), reads.get(0).shape());
            }
            case TokenOp token -> TokenSteps.scratchBytes(token, result, reads);
            default -> 0;
        };
    }

    Step step(SlabPlan.Node node) {
        Value result = node.result();
        List<Value> reads = node.reads();
        Shape shape = result.shape();
        Operand out = places.operand(result);
        return switch (result.op()) {
            case ProductOp.Conv2d conv -> conv2d(conv, result, reads);
            case ProductOp.Linear _ -> linear(result, reads, false);
            case ProductOp.MatMul _ -> matMul(result, reads);
            case ProductOp.Attention attention -> attention(attention, result, reads);
            case NormOp.GroupNorm norm -> groupNorm(norm, null, reads, out);
            case NormOp.LayerNorm norm -> layerNorm(norm, reads, out);
            case MapOp.Activate activate -> activate(activate, node, out);
            case MapOp.GeGlu _ ->
                Fusion.of(node) == null
                        ? new GeGluStep(kernels.map(), shape, operand(reads, 0), out)
                        : linear(result, reads, true);
            case NormOp.Softmax _ -> new SoftmaxStep(kernels.row(), shape, operand(reads, 0), out);
            case MapOp.Add _ ->
                PairwiseStep.add(kernels.map(), shape, reads.get(1).shape(), operand(reads, 0), operand(reads, 1), out);
            case MapOp.Multiply _ ->
                PairwiseStep.multiply(
                        kernels.map(), shape, reads.get(1).shape(), operand(reads, 0), operand(reads, 1), out);
            case MapOp.AddPerChannel _ ->
                PairwiseStep.addPerChannel(kernels.map(), shape, operand(reads, 0), operand(reads, 1), out);
            case MapOp.Scale scale -> new ScaleStep(kernels.map(), scale, shape.size(), operand(reads, 0), out);
            case ResizeOp.UpsampleNearest _ ->
                new UpsampleNearestStep(reads.get(0).shape(), shape, operand(reads, 0), out);
            case ResizeOp.AveragePool2 _ ->
                new AveragePool2Step(kernels.map(), reads.get(0).shape(), shape, operand(reads, 0), out);
            case LayoutOp.Concat concat ->
                CopyStep.concat(
                        concat,
                        reads.stream().map(Value::shape).toList(),
                        reads.stream().map(places::operand).toList(),
                        shape,
                        out);
            case LayoutOp.Slice slice -> CopyStep.slice(slice, reads.get(0).shape(), operand(reads, 0), shape, out);
            case LayoutOp.Embedding _ -> embedding(reads, result, out);
            case LayoutOp.SelectRows _ ->
                GatherStep.selectRows(where(result), reads.get(0).shape(), operand(reads, 0), operand(reads, 1), out);
            case TokenOp token -> new TokenSteps(places, kernels, buffers, scratch).step(token, result, reads);
            case MapOp.TimestepEmbedding embedding ->
                new TimestepEmbeddingStep(embedding, shape.dim(0), operand(reads, 0), out);
            case SourceOp.Input _, SourceOp.Constant _, LayoutOp.Reshape _ ->
                throw new IllegalArgumentException("nothing to compute for " + result);
        };
    }

    private Step groupNorm(NormOp.GroupNorm norm, @Nullable Activation activation, List<Value> reads, Operand out) {
        Operand space = new Operand(places.m(), scratch);
        return new GroupNormStep(
                kernels,
                norm,
                activation,
                reads.get(0).shape(),
                operand(reads, 0),
                operand(reads, 1),
                operand(reads, 2),
                out,
                space);
    }

    private Step layerNorm(NormOp.LayerNorm norm, List<Value> reads, Operand out) {
        boolean affine = reads.size() > 1;
        return new LayerNormStep(
                kernels.norm(),
                norm,
                reads.get(0).shape(),
                operand(reads, 0),
                affine ? operand(reads, 1) : null,
                affine ? operand(reads, 2) : null,
                out);
    }

    private Step activate(MapOp.Activate activate, SlabPlan.Node node, Operand out) {
        Value norm = Fusion.of(node);
        return norm != null
                ? groupNorm((NormOp.GroupNorm) norm.op(), activate.function(), node.reads(), out)
                : new ActivateStep(
                        kernels.map(),
                        activate.function(),
                        node.result().shape().size(),
                        operand(node.reads(), 0),
                        out);
    }

    private Step embedding(List<Value> reads, Value result, Operand out) {
        Tensor table = places.weight(reads.get(1));
        Operand rows = new Operand(table.data(), 0);
        return GatherStep.embedding(
                where(result), reads.get(0).shape(), operand(reads, 0), table.shape(), table.dtype(), rows, out);
    }

    static String where(Value value) {
        return value.scope().isEmpty()
                ? value.op().label()
                : value.scope() + ": " + value.op().label();
    }

    private Operand operand(List<Value> reads, int index) {
        return places.operand(reads.get(index));
    }

    private static int rows(String who, Shape result) {
        if (result.rows() > Integer.MAX_VALUE) {
            throw new TensorException(
                    "%s: the result %s has %d rows, expected fewer than 2^31".formatted(who, result, result.rows()));
        }
        return (int) result.rows();
    }

    private static GemmStep.Product linearProduct(Shape result, Shape weight, long c, long bias, boolean gated) {
        return new GemmStep.Product(
                rows("linear", result), result.last(), weight.last(), c, 4L * result.last(), bias, gated);
    }

    private Step linear(Value result, List<Value> reads, boolean gated) {
        Tensor weight = places.weight(reads.get(1));
        GemmStep.Product product =
                linearProduct(result.shape(), weight.shape(), places.byteOffset(result), bias(reads), gated);
        return gemm(product, dense(reads.get(0)), new WeightPanels(weight, 0, WeightPanels.LONG_PIECE, buffers));
    }

    private static GemmStep.Product convProduct(
            ProductOp.Conv2d conv, Shape result, Shape weight, long c, long bias, int group) {
        int columns = result.last() / conv.groups();
        int k = weight.dim(1) * weight.dim(2) * weight.dim(3);
        long at = 4L * columns * group;
        return new GemmStep.Product(
                rows("conv2d", result), columns, k, c + at, 4L * result.last(), bias < 0 ? -1 : bias + at, false);
    }

    private Step conv2d(ProductOp.Conv2d conv, Value result, List<Value> reads) {
        Value x = reads.get(0);
        Tensor weight = places.weight(reads.get(1));
        Shape kernel = weight.shape();
        if (WinogradGeometry.suits(conv, x.shape(), kernel, result.shape())) {
            WinogradGeometry geometry = new WinogradGeometry(conv, x.shape(), result.shape());
            return new WinogradStep(
                    places.m(),
                    kernels,
                    buffers,
                    geometry,
                    new WeightPanels(weight, 0, geometry.pieceOfWeights(), buffers),
                    places.byteOffset(x),
                    places.byteOffset(result),
                    bias(reads),
                    scratch);
        }
        boolean pointwise = kernel.dim(2) == 1
                && kernel.dim(3) == 1
                && conv.stride() == 1
                && conv.padding().equals(Padding.NONE);
        Step[] groups = new Step[conv.groups()];
        for (int g = 0; g < groups.length; g++) {
            GemmStep.Product product =
                    convProduct(conv, result.shape(), kernel, places.byteOffset(result), bias(reads), g);
            RowSource rows = pointwise && groups.length == 1
                    ? dense(x)
                    : new ImageRows(
                            places.byteOffset(x),
                            conv,
                            x.shape(),
                            result.shape(),
                            kernel.dim(3),
                            g * kernel.dim(1),
                            kernel.dim(1));
            groups[g] = gemm(
                    product, rows, new WeightPanels(weight, g * product.columns(), WeightPanels.LONG_PIECE, buffers));
        }
        return groups.length == 1 ? groups[0] : new Sequence(List.of(groups));
    }

    private static GemmStep.Product matMulProduct(Shape result, Shape a, long c) {
        return new GemmStep.Product(result.dim(-2), result.last(), a.last(), c, 4L * result.last(), -1, false);
    }

    private Step matMul(Value result, List<Value> reads) {
        Shape a = reads.get(0).shape();
        Shape b = reads.get(1).shape();
        Step[] samples = new Step[a.rank() == 3 ? a.dim(0) : 1];
        for (int n = 0; n < samples.length; n++) {
            long at = places.byteOffset(result)
                    + n * 4L * result.shape().dim(-2) * result.shape().last();
            RowSource rows =
                    new RowSource.Dense(places.byteOffset(reads.get(0)) + n * 4L * a.dim(-2) * a.last(), 4L * a.last());
            long panels = places.byteOffset(reads.get(1)) + n * 4L * b.dim(-2) * b.last();
            samples[n] = gemm(
                    matMulProduct(result.shape(), a, at), rows, new MatrixPanels(panels, 4L * b.last(), b.dim(-2)));
        }
        return new Sequence(List.of(samples));
    }

    private static AttentionStep.Heads heads(ProductOp.Attention op, List<Value> reads) {
        Shape q = reads.get(0).shape();
        Shape v = reads.get(2).shape();
        return new AttentionStep.Heads(
                q.dim(0),
                op.heads(),
                q.dim(1),
                v.dim(1),
                q.last() / op.heads(),
                v.last() / op.heads(),
                op.scale(),
                op.causal());
    }

    private Step attention(ProductOp.Attention op, Value result, List<Value> reads) {
        return new AttentionStep(
                places.m(),
                kernels.gemm(),
                kernels.attention(),
                buffers,
                heads(op, reads),
                places.byteOffset(reads.get(0)),
                places.byteOffset(reads.get(1)),
                places.byteOffset(reads.get(2)),
                places.byteOffset(result),
                scratch);
    }

    private Step gemm(GemmStep.Product product, RowSource rows, PanelSource panels) {
        MemorySegment m = places.m();
        if (panels instanceof WeightPanels weights
                && weights.hasRows()
                && !kernels.gemm().interleaved()
                && WeightRowsStep.suits(product, threads)) {
            return new WeightRowsStep(m, kernels, buffers, product, rows, weights, scratch);
        }
        return FewRowsStep.suits(product, threads)
                ? new FewRowsStep(m, kernels, buffers, product, rows, panels, threads, scratch)
                : new GemmStep(m, kernels, buffers, product, rows, panels, scratch);
    }

    private RowSource dense(Value x) {
        return new RowSource.Dense(places.byteOffset(x), 4L * x.shape().last());
    }

    private long bias(List<Value> reads) {
        return reads.size() < 3 ? -1 : places.byteOffset(reads.get(2));
    }
}
