package dev.aquarelle.sd.lora;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a module of a file adds to its layer's weight, seen as a matrix [out, columns]. Making one checks every shape and reads no number.
 */
sealed interface Difference {

    /** Rows of the difference, ready to be computed. */
    @FunctionalInterface
    interface Rows {
        /** {@code into += factor * difference[row]}. */
        void add(int row, double factor, double[] into);
    }

    /** Reads the numbers. */
    Rows rows();

    /**
     * The difference a module makes of a layer.
     *
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if a tensor is of a shape that does not fit the layer
     */
    static Difference of(LoraModule module, Layer layer) {
        return switch (module.kind()) {
            case LOW_RANK -> LowRank.of(module, layer);
            case HADAMARD -> Hadamard.of(module, layer);
            case KRONECKER -> Kronecker.of(module, layer);
            case FULL -> new Full(module.get(Role.DIFF).require(layer.shape().dims()), layer);
        };
    }

    /** {@code scale * up @ down}, with a core between them in some convolutions: LoRA and LoCon. */
    record LowRank(
            Layer layer, Piece down, Piece up, @Nullable Piece mid, double scale) implements Difference {
        static LowRank of(LoraModule module, Layer layer) {
            Piece down = module.get(Role.DOWN);
            Piece mid = module.find(Role.MID);
            int rank = down.rank();
            if (mid == null) {
                down.require(rank, layer.in(), layer.height(), layer.width());
            } else {
                down.require(rank, layer.in());
                mid.require(rank, rank, layer.height(), layer.width());
            }
            Piece up = module.get(Role.UP).require(layer.out(), rank);
            return new LowRank(layer, down, up, mid, module.scale(rank));
        }

        int rank() {
            return down.axis(0);
        }

        Matrix downMatrix() {
            return mid == null ? down.matrix(rank(), layer.columns()) : Factors.joined(mid, down);
        }

        Matrix upMatrix() {
            return up.matrix(layer.out(), rank());
        }

        @Override
        public Rows rows() {
            Matrix left = upMatrix();
            Matrix right = downMatrix();
            return (row, factor, into) -> left.addProductRow(row, right, factor * scale, into);
        }
    }

    /** {@code scale * (w1_a @ w1_b) * (w2_a @ w2_b)}, multiplied number by number: LoHa. */
    record Hadamard(Layer layer, Factors first, Factors second, double scale) implements Difference {
        static Hadamard of(LoraModule module, Layer layer) {
            Piece t1 = module.find(Role.HADA_T1);
            Piece t2 = module.find(Role.HADA_T2);
            Factors first = new Factors(module.get(Role.HADA_W1_A), module.get(Role.HADA_W1_B), t1)
                    .require(layer.out(), layer.in(), layer);
            Factors second = new Factors(module.get(Role.HADA_W2_A), module.get(Role.HADA_W2_B), t2)
                    .require(layer.out(), layer.in(), layer);
            return new Hadamard(layer, first, second, module.scale(first.rank()));
        }

        @Override
        public Rows rows() {
            Matrix left1 = first.leftMatrix();
            Matrix right1 = first.rightMatrix();
            Matrix left2 = second.leftMatrix();
            Matrix right2 = second.rightMatrix();
            return (row, factor, into) -> {
                double[] one = new double[layer.columns()];
                double[] two = new double[layer.columns()];
                left1.addProductRow(row, right1, factor * scale, one);
                left2.addProductRow(row, right2, 1, two);
                for (int i = 0; i < into.length; i++) {
                    into[i] += one[i] * two[i];
                }
            };
        }
    }

    /** {@code scale * kron(w1, w2)}, each of them whole or a product: LoKr. */
    record Kronecker(Supplier<Matrix> w1, Supplier<Matrix> w2, double scale) implements Difference {
        static Kronecker of(LoraModule module, Layer layer) {
            Piece whole1 = module.find(Role.LOKR_W1);
            Factors factors1 =
                    whole1 != null ? null : new Factors(module.get(Role.LOKR_W1_A), module.get(Role.LOKR_W1_B), null);
            Piece left = whole1 != null ? whole1 : module.get(Role.LOKR_W1_A);
            Piece right = whole1 != null ? whole1 : module.get(Role.LOKR_W1_B);
            int rows = left.rank();
            int columns = Math.max(1, right.axis(1));
            if (layer.out() % rows != 0 || layer.in() % columns != 0) {
                throw left.failure("divisors of %d and %d".formatted(layer.out(), layer.in()));
            }
            if (factors1 == null) {
                left.require(rows, columns);
            } else {
                left.require(rows, factors1.rank());
                right.require(factors1.rank(), columns);
            }
            Piece whole2 = module.find(Role.LOKR_W2);
            int rows2 = layer.out() / rows;
            int in2 = layer.in() / columns;
            int columns2 = layer.columns() / columns;
            if (whole2 != null) {
                whole2.require(rows2, in2, layer.height(), layer.width());
                return new Kronecker(
                        factors1 == null ? () -> left.matrix(rows, columns) : factors1::product,
                        () -> whole2.matrix(rows2, columns2),
                        factors1 == null ? module.scaleOfWhole() : module.scale(factors1.rank()));
            }
            Factors factors2 = new Factors(
                            module.get(Role.LOKR_W2_A), module.get(Role.LOKR_W2_B), module.find(Role.LOKR_T2))
                    .require(rows2, in2, layer);
            return new Kronecker(
                    factors1 == null ? () -> left.matrix(rows, columns) : factors1::product,
                    factors2::product,
                    module.scale(factors2.rank()));
        }

        @Override
        public Rows rows() {
            Matrix outer = w1.get();
            Matrix inner = w2.get();
            return (row, factor, into) -> {
                for (int c = 0; c < outer.columns(); c++) {
                    double number = outer.at(row / inner.rows(), c);
                    inner.addRow(row % inner.rows(), factor * scale * number, into, c * inner.columns());
                }
            };
        }
    }

    /** The difference as it is. */
    record Full(Piece diff, Layer layer) implements Difference {
        @Override
        public Rows rows() {
            return (row, factor, into) -> {
                for (int i = 0; i < into.length; i++) {
                    into[i] += factor * diff.tensor().getFloat((long) row * into.length + i);
                }
            };
        }
    }
}
