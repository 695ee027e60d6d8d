package dev.aquarelle.gpu.plan;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.gpu.kernels.Attention;
import dev.aquarelle.gpu.kernels.Maps;
import dev.aquarelle.gpu.kernels.Moves;
import dev.aquarelle.gpu.kernels.Norms;
import dev.aquarelle.gpu.kernels.Operands;
import dev.aquarelle.gpu.kernels.Products;
import dev.aquarelle.gpu.plan.Places.Place;
import dev.aquarelle.ops.BackendException;
import dev.aquarelle.ops.graph.LayoutOp;
import dev.aquarelle.ops.graph.MapOp;
import dev.aquarelle.ops.graph.NormOp;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.ProductOp;
import dev.aquarelle.ops.graph.ResizeOp;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.TokenOp;
import dev.aquarelle.ops.graph.Value;
import java.util.ArrayList;
import java.util.List;

/** The launches of each operation. */
final class LaunchFactory {
    private final Places places;
    private final Fusion fusion;
    private final boolean hasLibrary;

    LaunchFactory(Places places, Fusion fusion, boolean hasLibrary) {
        this.places = places;
        this.fusion = fusion;
        this.hasLibrary = hasLibrary;
    }

    /** None where the result is empty. */
    @SuppressWarnings("EnumOrdinal") // the kernels' functions are numbered so
    List<Launch> launches(Value result) {
        if (result.shape().size() == 0) {
            return List.of();
        }
        Value before = fusion.before(result);
        if (before != null) {
            return before.op() instanceof NormOp.GroupNorm norm
                    ? groupNorm(norm, before, result)
                    : product(before, result);
        }
        Value x = result.operands().get(0);
        return switch (result.op()) {
            case ProductOp.Linear _, ProductOp.Conv2d _, ProductOp.MatMul _ -> product(result, result);
            case ProductOp.Attention attention -> List.of(attention(attention, result));
            case NormOp.GroupNorm norm -> groupNorm(norm, result, result);
            case NormOp.LayerNorm norm -> List.of(layerNorm(norm, result));
            case NormOp.Softmax _ -> List.of(softmax(result));
            case MapOp.Activate activate ->
                List.of(map(result, activate.function().ordinal(), Place.NONE, 1, 0, 0));
            case MapOp.GeGlu _ ->
                List.of(map(result, Maps.GE_GLU, Place.NONE, result.shape().last(), 0, 0));
            case MapOp.Add _ -> List.of(repeated(result, Maps.ADD));
            case MapOp.Multiply _ -> List.of(repeated(result, Maps.MULTIPLY));
            case MapOp.AddPerChannel _ -> {
                Place vectors = places.of(result.operands().get(1));
                int sample = size(x.shape()) / x.shape().dim(0);
                yield List.of(
                        map(result, Maps.ADD_PER_CHANNEL, vectors, x.shape().last(), 0, sample));
            }
            case MapOp.Scale scale ->
                List.of(map(result, Maps.SCALE, Place.NONE, 1, places.ofScalars(scale.factor(), scale.offset()), 0));
            case LayoutOp.Concat concat -> concat(concat, result);
            case LayoutOp.Slice slice -> List.of(slice(slice, result));
            case LayoutOp.Embedding _ -> List.of(rows(result, result.operands().get(1), x, 0));
            case LayoutOp.SelectRows _ ->
                List.of(rows(result, x, result.operands().get(1), x.shape().dim(1)));
            case ResizeOp.UpsampleNearest _ -> List.of(resize(Kernel.UPSAMPLE_NEAREST, result));
            case ResizeOp.AveragePool2 _ -> List.of(resize(Kernel.AVERAGE_POOL_2, result));
            case MapOp.TimestepEmbedding _ ->
                throw new BackendException(
                        "timestepEmbedding: expected timesteps that are an input of the graph, found " + x
                                + "; the gpu backend computes the sinusoids on the host");
            case TokenOp token ->
                throw new BackendException(token.label()
                        + ": the gpu backend does not merge tokens: choose another backend, or a merge ratio of 0");
            case SourceOp.Input _, SourceOp.Constant _, LayoutOp.Reshape _ ->
                throw new IllegalArgumentException("nothing to compute for " + result);
        };
    }

    /** Values that are uploaded: from a place among the floats to the slab. */
    Launch upload(Value value, int word) {
        int count = size(value.shape());
        return blocks(count, new Place(Operands.F32, word), 0, places.floats(value), count, 0, 0);
    }

    /** A value that is downloaded, to a place among the floats. */
    Launch download(Value value, int word) {
        int[] p = new int[Moves.FIELDS];
        p[Moves.COUNT] = size(value.shape());
        p[Moves.X_AT] = places.of(value).at();
        p[Moves.OUT_AT] = word;
        return Launch.over(Kernel.DOWNLOAD, size(value.shape()), p);
    }

    /** A product, and what is added to it where {@code result} is that sum. */
    private List<Launch> product(Value product, Value result) {
        int[] p = new int[Products.FIELDS];
        p[Products.C_AT] = places.floats(result);
        if (product != result) {
            Place added = places.of(fusion.added(result));
            p[Products.ADDED_TYPE] = added.type();
            p[Products.ADDED_AT] = added.at();
        } else {
            p[Products.ADDED_TYPE] = Operands.NONE;
        }
        return switch (product.op()) {
            case ProductOp.Linear _ -> linear(p, product);
            case ProductOp.Conv2d conv -> conv2d(p, conv, product);
            default -> matMul(p, product);
        };
    }

    private void product(int[] p, int rows, int columns, int terms, Value a, Place b) {
        p[Products.ROWS] = rows;
        p[Products.COLUMNS] = columns;
        p[Products.TERMS] = terms;
        Place left = matrix(a);
        p[Products.A_TYPE] = left.type();
        p[Products.A_AT] = left.at();
        p[Products.B_TYPE] = b.type();
        p[Products.B_AT] = b.at();
        p[Products.BIAS_TYPE] = Operands.NONE;
        p[Products.C_ROW] = columns;
    }

    private void bias(int[] p, Value result) {
        if (result.operands().size() > 2) {
            Place bias = places.of(result.operands().get(2));
            p[Products.BIAS_TYPE] = bias.type();
            p[Products.BIAS_AT] = bias.at();
        }
    }

    /** One launch, or two where a library computes the sums. */
    private List<Launch> product(int[] p, int batches) {
        p[Products.BATCHES] = batches;
        if (hasLibrary && LibraryProduct.fits(p)) {
            Launch sums = new Launch(Kernel.LIBRARY_PRODUCT, p, 1, 1, 1);
            boolean isAll = p[Products.BIAS_TYPE] == Operands.NONE && p[Products.ADDED_TYPE] == Operands.NONE;
            int count = Math.multiplyExact(batches, Math.multiplyExact(p[Products.ROWS], p[Products.COLUMNS]));
            return isAll ? List.of(sums) : List.of(sums, Launch.over(Kernel.EPILOGUE, count, p));
        }
        int across = Math.ceilDiv(p[Products.COLUMNS], Products.TILE);
        int down = Math.ceilDiv(p[Products.ROWS], Products.TILE);
        return List.of(new Launch(Kernel.PRODUCT, p, across, down, batches));
    }

    /** A linear layer, or a convolution of single pixels, which is one. */
    private List<Launch> linear(int[] p, Value result) {
        Value weight = result.operands().get(1);
        int columns = weight.shape().dim(0);
        int rows = size(result.shape()) / columns;
        product(p, rows, columns, weight.shape().dim(1), result.operands().get(0), matrix(weight));
        p[Products.B_TRANSPOSED] = 1;
        bias(p, result);
        return product(p, 1);
    }

    /** Where a matrix is; libraries take both of the same type, and values are of 32 bits. */
    private Place matrix(Value value) {
        return hasLibrary ? places.ofWide(value) : places.of(value);
    }

    private List<Launch> conv2d(int[] p, ProductOp.Conv2d conv, Value result) {
        Value x = result.operands().get(0);
        Value weight = result.operands().get(1);
        Shape kernel = weight.shape();
        boolean isPixels =
                kernel.dim(2) == 1 && kernel.dim(3) == 1 && conv.padding().equals(Padding.NONE);
        if (isPixels && conv.stride() == 1 && conv.groups() == 1) {
            return linear(p, result);
        }
        Shape out = result.shape();
        int columns = out.last() / conv.groups();
        int terms = kernel.dim(1) * kernel.dim(2) * kernel.dim(3);
        product(p, size(out) / out.last(), columns, terms, x, places.ofKernel(weight));
        p[Products.A_BATCH] = kernel.dim(1);
        p[Products.B_BATCH] = columns * terms;
        p[Products.B_TRANSPOSED] = 1;
        p[Products.C_ROW] = out.last();
        p[Products.C_BATCH] = columns;
        p[Products.IMAGE] = 1;
        p[Products.HEIGHT] = x.shape().dim(1);
        p[Products.WIDTH] = x.shape().dim(2);
        p[Products.CHANNELS] = x.shape().last();
        p[Products.GROUP_CHANNELS] = kernel.dim(1);
        p[Products.KERNEL_WIDTH] = kernel.dim(3);
        p[Products.STRIDE] = conv.stride();
        p[Products.DILATION] = conv.dilation();
        p[Products.TOP] = conv.padding().top();
        p[Products.LEFT] = conv.padding().left();
        p[Products.OUT_HEIGHT] = out.dim(1);
        p[Products.OUT_WIDTH] = out.dim(2);
        bias(p, result);
        return product(p, conv.groups());
    }

    private List<Launch> matMul(int[] p, Value result) {
        Value a = result.operands().get(0);
        Value b = result.operands().get(1);
        int rows = a.shape().dim(-2);
        int terms = a.shape().last();
        int columns = b.shape().last();
        product(p, rows, columns, terms, a, matrix(b));
        p[Products.A_BATCH] = rows * terms;
        p[Products.B_BATCH] = terms * columns;
        p[Products.C_BATCH] = rows * columns;
        return product(p, a.shape().rank() == 3 ? a.shape().dim(0) : 1);
    }

    private Launch attention(ProductOp.Attention attention, Value result) {
        Value q = result.operands().get(0);
        Value v = result.operands().get(2);
        int width = Math.max(q.shape().last(), v.shape().last()) / attention.heads();
        if (width > Attention.WIDEST) {
            throw new BackendException("attention: expected heads of at most %d numbers, found %d in %s"
                    .formatted(Attention.WIDEST, width, result));
        }
        int[] p = new int[Attention.FIELDS];
        p[Attention.HEADS] = attention.heads();
        p[Attention.QUERY_COUNT] = q.shape().dim(1);
        p[Attention.KEY_COUNT] = v.shape().dim(1);
        p[Attention.QUERY_WIDTH] = q.shape().last() / attention.heads();
        p[Attention.VALUE_WIDTH] = v.shape().last() / attention.heads();
        p[Attention.CAUSAL] = attention.causal() ? 1 : 0;
        p[Attention.SCALE_AT] = places.ofScalars(attention.scale());
        int[] type = {Attention.Q_TYPE, Attention.K_TYPE, Attention.V_TYPE};
        int[] at = {Attention.Q_AT, Attention.K_AT, Attention.V_AT};
        for (int i = 0; i < type.length; i++) {
            Place place = places.of(result.operands().get(i));
            p[type[i]] = place.type();
            p[at[i]] = place.at();
        }
        p[Attention.OUT_AT] = places.floats(result);
        int blocks = Math.ceilDiv(q.shape().dim(1), Attention.QUERIES);
        return new Launch(Kernel.ATTENTION, p, blocks, q.shape().dim(0) * attention.heads(), 1);
    }

    private int[] norm(Value norm, Value result, int rows, int width, float epsilon) {
        int[] p = new int[Norms.FIELDS];
        List<Value> operands = norm.operands();
        Place x = places.of(operands.get(0));
        Place weight = operands.size() > 1 ? places.of(operands.get(1)) : Place.NONE;
        Place bias = operands.size() > 1 ? places.of(operands.get(2)) : Place.NONE;
        p[Norms.CHANNELS] = result.shape().last();
        p[Norms.ROWS] = rows;
        p[Norms.GROUP_CHANNELS] = width;
        p[Norms.EPSILON_AT] = places.ofScalars(epsilon);
        p[Norms.X_TYPE] = x.type();
        p[Norms.X_AT] = x.at();
        p[Norms.WEIGHT_TYPE] = weight.type();
        p[Norms.WEIGHT_AT] = weight.at();
        p[Norms.BIAS_TYPE] = bias.type();
        p[Norms.BIAS_AT] = bias.at();
        p[Norms.OUT_AT] = places.floats(result);
        return p;
    }

    /** Numbers beside the values that the launches of a group norm hand on. */
    static int scratch(NormOp.GroupNorm op, Shape shape) {
        int means = shape.dim(0) * op.groups();
        long count = shape.size() == 0 ? 0 : shape.size() / means;
        int chunks = Norms.chunks((int) Math.min(count, Integer.MAX_VALUE)); // what is larger is refused later
        return chunks == 1 ? 0 : 2 * chunks * means;
    }

    /** A group norm, and the SiLU of it where {@code result} is that. */
    private List<Launch> groupNorm(NormOp.GroupNorm op, Value norm, Value result) {
        Shape shape = result.shape();
        int means = shape.dim(0) * op.groups();
        int count = size(shape) / means;
        int[] p =
                norm(norm, result, size(shape) / shape.last() / shape.dim(0), shape.last() / op.groups(), op.epsilon());
        p[Norms.SILU] = norm == result ? 0 : 1;
        if (Norms.chunks(count) == 1) {
            return List.of(Launch.rows(Kernel.NORM, means, p));
        }
        p[Norms.CHUNK] = Math.ceilDiv(count, Norms.chunks(count));
        p[Norms.CHUNKS] = Math.ceilDiv(count, p[Norms.CHUNK]);
        p[Norms.PARTS_AT] = places.scratch();
        return List.of(
                new Launch(Kernel.NORM_PARTS, p, p[Norms.CHUNKS], means, 1),
                new Launch(Kernel.NORM_CHUNKS, p, p[Norms.CHUNKS], means, 1));
    }

    private Launch layerNorm(NormOp.LayerNorm norm, Value result) {
        int channels = result.shape().last();
        return Launch.rows(
                Kernel.NORM, size(result.shape()) / channels, norm(result, result, 1, channels, norm.epsilon()));
    }

    private Launch softmax(Value result) {
        int channels = result.shape().last();
        return Launch.rows(Kernel.SOFTMAX, size(result.shape()) / channels, norm(result, result, 1, channels, 0));
    }

    private Launch map(Value result, int kind, Place b, int bCount, int factorAt, int sample) {
        int[] p = new int[Maps.FIELDS];
        Place a = places.of(result.operands().get(0));
        p[Maps.COUNT] = size(result.shape());
        p[Maps.OUT_AT] = places.floats(result);
        p[Maps.A_TYPE] = a.type();
        p[Maps.A_AT] = a.at();
        p[Maps.B_TYPE] = b.type();
        p[Maps.B_AT] = b.at();
        p[Maps.B_COUNT] = bCount;
        p[Maps.KIND] = kind;
        p[Maps.FACTOR_AT] = factorAt;
        p[Maps.SAMPLE] = sample;
        return Launch.over(Kernel.MAP, size(result.shape()), p);
    }

    private Launch repeated(Value result, int kind) {
        Value b = result.operands().get(1);
        return map(result, kind, places.of(b), size(b.shape()), 0, 0);
    }

    private Launch blocks(int count, Place x, int from, int to, int block, int step, int outStep) {
        int[] p = new int[Moves.FIELDS];
        p[Moves.COUNT] = count;
        p[Moves.X_TYPE] = x.type();
        p[Moves.X_AT] = x.at();
        p[Moves.OUT_AT] = to;
        p[Moves.A] = block;
        p[Moves.B] = step;
        p[Moves.C] = outStep;
        p[Moves.D] = from;
        return Launch.over(Kernel.BLOCKS, count, p);
    }

    private List<Launch> concat(LayoutOp.Concat concat, Value result) {
        List<Launch> launches = new ArrayList<>();
        int step = numbersFrom(concat.axis(), result.shape());
        int to = places.floats(result);
        for (Value part : result.operands()) {
            int block = numbersFrom(concat.axis(), part.shape());
            if (block > 0) {
                launches.add(blocks(size(part.shape()), places.of(part), 0, to, block, block, step));
                to += block;
            }
        }
        return launches;
    }

    private Launch slice(LayoutOp.Slice slice, Value result) {
        Value x = result.operands().get(0);
        int inner = numbersFrom(slice.axis(), x.shape()) / x.shape().dim(slice.axis());
        int block = numbersFrom(slice.axis(), result.shape());
        int step = numbersFrom(slice.axis(), x.shape());
        int count = size(result.shape());
        return blocks(count, places.of(x), slice.from() * inner, places.floats(result), block, step, block);
    }

    /** Numbers of the axes from {@code axis} on. */
    private static int numbersFrom(int axis, Shape shape) {
        int numbers = 1;
        for (int i = axis; i < shape.rank(); i++) {
            numbers = Math.multiplyExact(numbers, shape.dim(i));
        }
        return numbers;
    }

    private Launch rows(Value result, Value table, Value indices, int rowsOfEach) {
        int[] p = new int[Moves.FIELDS];
        Place x = places.of(table);
        Place index = places.of(indices);
        p[Moves.COUNT] = size(result.shape());
        p[Moves.X_TYPE] = x.type();
        p[Moves.X_AT] = x.at();
        p[Moves.OUT_AT] = places.floats(result);
        p[Moves.A] = result.shape().last();
        p[Moves.D] = index.at();
        p[Moves.E] = rowsOfEach;
        p[Moves.F] = index.type();
        return Launch.over(Kernel.ROWS, size(result.shape()), p);
    }

    private Launch resize(Kernel kernel, Value result) {
        Value x = result.operands().get(0);
        Place from = places.of(x);
        int[] p = new int[Moves.FIELDS];
        p[Moves.COUNT] = size(result.shape());
        p[Moves.X_TYPE] = from.type();
        p[Moves.X_AT] = from.at();
        p[Moves.OUT_AT] = places.floats(result);
        p[Moves.A] = x.shape().dim(1);
        p[Moves.B] = x.shape().dim(2);
        p[Moves.C] = x.shape().last();
        p[Moves.D] = result.shape().dim(1);
        p[Moves.E] = result.shape().dim(2);
        return Launch.over(kernel, size(result.shape()), p);
    }

    /** Kernels count in int; the slab is not larger, so no value is. */
    private static int size(Shape shape) {
        return Math.toIntExact(shape.size());
    }
}
