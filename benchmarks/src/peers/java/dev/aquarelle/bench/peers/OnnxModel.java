package dev.aquarelle.bench.peers;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import dev.aquarelle.bench.Kernel;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.MapOp;
import dev.aquarelle.ops.graph.NormOp;
import dev.aquarelle.ops.graph.ProductOp;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A kernel as an ONNX model, of the operations that exporters write for it; images are channels first, as ONNX has them. */
final class OnnxModel {
    private static final int OPSET = 20;
    private static final int IR = 9;

    private final OnnxMl.GraphProto.Builder graph =
            OnnxMl.GraphProto.newBuilder().setName("kernel");
    private final boolean channelsFirst;
    private int count;

    private OnnxModel(boolean channelsFirst) {
        this.channelsFirst = channelsFirst;
    }

    /** Whether inputs and result are [N, C, H, W]. */
    boolean channelsFirst() {
        return channelsFirst;
    }

    byte[] bytes() {
        return OnnxMl.ModelProto.newBuilder()
                .setIrVersion(IR)
                .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setVersion(OPSET))
                .setGraph(graph)
                .build()
                .toByteArray();
    }

    /** Null if no exporter writes such a kernel, or this class does not know how. */
    static @Nullable OnnxModel of(Kernel kernel, List<Tensor> operands) {
        boolean image = kernel.op() instanceof ProductOp.Conv2d || kernel.op() instanceof NormOp.GroupNorm;
        if (image && kernel.result().rank() != 4) {
            return null;
        }
        OnnxModel model = new OnnxModel(image);
        for (int i = 0; i < operands.size(); i++) {
            Kernel.Operand operand = kernel.operands().get(i);
            if (operand.isWeight()) {
                model.weight("x" + i, operand.shape(), operands.get(i).toFloatArray());
            } else {
                model.graph.addInput(model.value("x" + i, operand.shape()));
            }
        }
        String result = model.add(kernel, operands);
        if (result == null) {
            return null;
        }
        if (kernel.silu()) {
            result = model.silu(result);
        }
        model.node("Identity", "out", result);
        model.graph.addOutput(model.value("out", kernel.result()));
        return model;
    }

    private @Nullable String add(Kernel kernel, List<Tensor> operands) {
        boolean bias = operands.size() > 2;
        return switch (kernel.op()) {
            case ProductOp.Conv2d conv -> {
                OnnxMl.NodeProto.Builder node =
                        bias ? node("Conv", next(), "x0", "x1", "x2") : node("Conv", next(), "x0", "x1");
                ints(node, "strides", conv.stride(), conv.stride());
                ints(node, "dilations", conv.dilation(), conv.dilation());
                ints(
                        node,
                        "pads",
                        conv.padding().top(),
                        conv.padding().left(),
                        conv.padding().bottom(),
                        conv.padding().right());
                ints(node, "group", conv.groups());
                yield node.getOutput(0);
            }
            case ProductOp.Linear _ -> {
                Shape shape = operands.get(1).shape();
                weight(
                        "turned",
                        Shape.of(shape.dim(1), shape.dim(0)),
                        OnnxRuntimePeer.transposed(operands.get(1).toFloatArray(), shape.dim(0), shape.dim(1)));
                String product = apply("MatMul", "x0", "turned");
                yield bias ? apply("Add", product, "x2") : product;
            }
            case ProductOp.Attention op when !op.causal() -> attention(op, operands);
            case NormOp.GroupNorm op -> groupNorm(op, kernel.result());
            case NormOp.LayerNorm op
            when bias -> {
                OnnxMl.NodeProto.Builder node = node("LayerNormalization", next(), "x0", "x1", "x2");
                number(node, "epsilon", op.epsilon());
                yield node.getOutput(0);
            }
            case MapOp.GeGlu _ -> {
                OnnxMl.NodeProto.Builder split = node("Split", next(), "x0");
                split.addOutput(next());
                ints(split, "axis", -1);
                ints(split, "num_outputs", 2);
                yield apply("Mul", split.getOutput(0), apply("Gelu", split.getOutput(1)));
            }
            case MapOp.Activate _ when kernel.kind().equals("silu") -> silu("x0");
            case MapOp.Add _ -> apply("Add", "x0", "x1");
            case MapOp.AddPerChannel _ -> {
                Shape vectors = operands.get(1).shape();
                yield apply("Add", "x0", reshape("x1", vectors.dim(0), 1, 1, vectors.dim(1)));
            }
            default -> null;
        };
    }

    private String attention(ProductOp.Attention op, List<Tensor> operands) {
        Shape q = operands.get(0).shape();
        String scores = apply(
                "MatMul",
                heads(op, "x0", q, 0, 2, 1, 3),
                heads(op, "x1", operands.get(1).shape(), 0, 2, 3, 1));
        weight("scale", Shape.of(1), new float[] {op.scale()});
        String weights = apply("Softmax", apply("Mul", scores, "scale")); // over the last axis
        String result = apply("MatMul", weights, heads(op, "x2", operands.get(2).shape(), 0, 2, 1, 3));
        return reshape(transpose(result, 0, 2, 1, 3), q.dim(0), q.dim(1), -1);
    }

    private String heads(ProductOp.Attention op, String x, Shape shape, int... axes) {
        return transpose(reshape(x, shape.dim(0), shape.dim(1), op.heads(), shape.last() / op.heads()), axes);
    }

    private String groupNorm(NormOp.GroupNorm op, Shape x) {
        float[] ones = new float[op.groups()];
        Arrays.fill(ones, 1);
        weight("ones", Shape.of(op.groups()), ones);
        weight("zeros", Shape.of(op.groups()), new float[op.groups()]);
        OnnxMl.NodeProto.Builder norm =
                node("InstanceNormalization", next(), reshape("x0", x.dim(0), op.groups(), -1), "ones", "zeros");
        number(norm, "epsilon", op.epsilon());
        String whole = reshape(norm.getOutput(0), x.dim(0), x.last(), x.dim(1), x.dim(2));
        String scaled = apply("Mul", whole, reshape("x1", x.last(), 1, 1));
        return apply("Add", scaled, reshape("x2", x.last(), 1, 1));
    }

    private String silu(String x) {
        return apply("Mul", x, apply("Sigmoid", x));
    }

    private String apply(String op, String... inputs) {
        return node(op, next(), inputs).getOutput(0);
    }

    private String reshape(String x, int... dims) {
        String shape = next();
        ByteBuffer bytes = ByteBuffer.allocate(8 * dims.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int dim : dims) {
            bytes.putLong(dim);
        }
        initializer(shape, OnnxMl.TensorProto.DataType.INT64_VALUE, bytes.flip(), dims.length);
        return apply("Reshape", x, shape);
    }

    private String transpose(String x, int... axes) {
        OnnxMl.NodeProto.Builder node = node("Transpose", next(), x);
        ints(node, "perm", axes);
        return node.getOutput(0);
    }

    private OnnxMl.NodeProto.Builder node(String op, String output, String... inputs) {
        return graph.addNodeBuilder().setOpType(op).addAllInput(List.of(inputs)).addOutput(output);
    }

    private String next() {
        return "v" + count++;
    }

    /** A list where ONNX wants one, which all but three attributes are. */
    private static void ints(OnnxMl.NodeProto.Builder node, String name, int... values) {
        OnnxMl.AttributeProto.Builder attribute = node.addAttributeBuilder().setName(name);
        if (values.length == 1) {
            attribute.setType(OnnxMl.AttributeProto.AttributeType.INT).setI(values[0]);
            return;
        }
        attribute.setType(OnnxMl.AttributeProto.AttributeType.INTS);
        for (int value : values) {
            attribute.addInts(value);
        }
    }

    private static void number(OnnxMl.NodeProto.Builder node, String name, float value) {
        node.addAttributeBuilder()
                .setName(name)
                .setType(OnnxMl.AttributeProto.AttributeType.FLOAT)
                .setF(value);
    }

    private void weight(String name, Shape shape, float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        initializer(name, OnnxMl.TensorProto.DataType.FLOAT_VALUE, bytes, shape.dims());
    }

    private void initializer(String name, int type, ByteBuffer bytes, int... dims) {
        OnnxMl.TensorProto.Builder tensor =
                graph.addInitializerBuilder().setName(name).setDataType(type).setRawData(ByteString.copyFrom(bytes));
        for (int dim : dims) {
            tensor.addDims(dim);
        }
    }

    private OnnxMl.ValueInfoProto value(String name, Shape shape) {
        int[] dims = shape.dims();
        int[] turned = channelsFirst && dims.length == 4 ? new int[] {dims[0], dims[3], dims[1], dims[2]} : dims;
        OnnxMl.TensorShapeProto.Builder axes = OnnxMl.TensorShapeProto.newBuilder();
        for (int dim : turned) {
            axes.addDimBuilder().setDimValue(dim);
        }
        return OnnxMl.ValueInfoProto.newBuilder()
                .setName(name)
                .setType(OnnxMl.TypeProto.newBuilder()
                        .setTensorType(OnnxMl.TypeProto.Tensor.newBuilder()
                                .setElemType(OnnxMl.TensorProto.DataType.FLOAT_VALUE)
                                .setShape(axes)))
                .build();
    }
}
