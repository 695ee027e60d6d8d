package dev.aquarelle.bench.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.aquarelle.bench.Kernel;
import dev.aquarelle.bench.KernelRunner;
import dev.aquarelle.core.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** ONNX Runtime through its own Java API, float32, on models of one operation as exporters write it: {@link OnnxModel}. */
public final class OnnxRuntimePeer implements KernelRunner.Peer {

    /** Called by {@link java.util.ServiceLoader}. */
    public OnnxRuntimePeer() {}

    @Override
    public String name() {
        return "onnxruntime";
    }

    @Override
    public @Nullable KernelRunner prepare(Kernel kernel, List<Tensor> operands, int threads) {
        OnnxModel model = OnnxModel.of(kernel, operands);
        if (model == null) {
            return null;
        }
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(threads);
            options.setInterOpNumThreads(1);
            options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
            OrtEnvironment environment = OrtEnvironment.getEnvironment();
            OrtSession session = environment.createSession(model.bytes(), options);
            Map<String, OnnxTensor> inputs = new HashMap<>();
            for (int i = 0; i < operands.size(); i++) {
                if (!kernel.operands().get(i).isWeight()) {
                    inputs.put("x" + i, tensor(environment, operands.get(i), model.channelsFirst()));
                }
            }
            return new Runner(session, inputs, model.channelsFirst());
        } catch (OrtException e) {
            throw new IllegalStateException(kernel.name() + ": " + e.getMessage(), e);
        }
    }

    private static OnnxTensor tensor(OrtEnvironment environment, Tensor operand, boolean channelsFirst)
            throws OrtException {
        long[] dims = Arrays.stream(operand.shape().dims()).asLongStream().toArray();
        float[] values = operand.toFloatArray();
        if (channelsFirst) {
            values = transposed(values, Math.toIntExact(dims[1] * dims[2]), (int) dims[3]);
            dims = new long[] {dims[0], dims[3], dims[1], dims[2]};
        }
        return OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), dims);
    }

    /** Of each sample, rows become columns. */
    static float[] transposed(float[] values, int rows, int columns) {
        float[] turned = new float[values.length];
        for (int from = 0; from < values.length; from += rows * columns) {
            for (int row = 0; row < rows; row++) {
                for (int column = 0; column < columns; column++) {
                    turned[from + column * rows + row] = values[from + row * columns + column];
                }
            }
        }
        return turned;
    }

    private record Runner(OrtSession session, Map<String, OnnxTensor> inputs, boolean channelsFirst)
            implements KernelRunner {
        @Override
        public void run() {
            try {
                for (int i = 0; i < REPEATS; i++) {
                    session.run(inputs).close();
                }
            } catch (OrtException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public float[] result() {
            try (OrtSession.Result result = session.run(inputs)) {
                OnnxTensor tensor = (OnnxTensor) result.get(0);
                FloatBuffer buffer = tensor.getFloatBuffer();
                float[] values = new float[buffer.remaining()];
                buffer.get(values);
                long[] dims = tensor.getInfo().getShape();
                return channelsFirst ? transposed(values, (int) dims[1], Math.toIntExact(dims[2] * dims[3])) : values;
            } catch (OrtException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void close() {
            inputs.values().forEach(OnnxTensor::close);
            try {
                session.close();
            } catch (OrtException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
