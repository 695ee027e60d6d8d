package dev.aquarelle.sd.lora;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of a file that belong to one layer.
 *
 * @param name what the file calls the layer
 * @param pieces at least one
 * @param settings what a configuration says of the scale, where no tensor does
 */
record LoraModule(String name, Map<Role, Piece> pieces, PeftSettings settings) {

    /** How the difference of a weight is stored. */
    enum Kind {
        LOW_RANK,
        HADAMARD,
        KRONECKER,
        FULL;

        /** The tensors it cannot do without, whatever others it has. */
        private List<Role> needed() {
            return switch (this) {
                case LOW_RANK -> List.of(Role.DOWN, Role.UP);
                case HADAMARD -> List.of(Role.HADA_W1_A, Role.HADA_W1_B, Role.HADA_W2_A, Role.HADA_W2_B);
                case KRONECKER -> List.of();
                case FULL -> List.of(Role.DIFF);
            };
        }

        private static Kind of(Role role) {
            return switch (role) {
                case DOWN, UP, MID -> LOW_RANK;
                case HADA_W1_A, HADA_W1_B, HADA_W2_A, HADA_W2_B, HADA_T1, HADA_T2 -> HADAMARD;
                case LOKR_W1, LOKR_W1_A, LOKR_W1_B, LOKR_W2, LOKR_W2_A, LOKR_W2_B, LOKR_T2 -> KRONECKER;
                case DIFF -> FULL;
                case ALPHA, DORA_SCALE, MAGNITUDE, DIFF_B ->
                    throw new IllegalArgumentException(role + " says nothing of the kind");
            };
        }
    }

    /**
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if a tensor is missing beside the others, or two kinds are mixed
     */
    LoraModule {
        pieces = new EnumMap<>(pieces);
        List<Role> differences =
                pieces.keySet().stream().filter(Role::isDifference).toList();
        if (!differences.isEmpty()) {
            Kind kind = Kind.of(differences.getFirst());
            pieces.forEach((role, piece) -> {
                if (role.isDifference() && Kind.of(role) != kind) {
                    throw Piece.failure(piece.file(), piece.name(), "one kind of difference", "another beside it");
                }
            });
            requireAll(pieces, kind.needed());
            if (kind == Kind.HADAMARD && pieces.containsKey(Role.HADA_T1) != pieces.containsKey(Role.HADA_T2)) {
                requireAll(pieces, List.of(Role.HADA_T1, Role.HADA_T2));
            }
            if (kind == Kind.KRONECKER) {
                requireAll(
                        pieces, pieces.containsKey(Role.LOKR_W1) ? List.of() : List.of(Role.LOKR_W1_A, Role.LOKR_W1_B));
                requireAll(
                        pieces, pieces.containsKey(Role.LOKR_W2) ? List.of() : List.of(Role.LOKR_W2_A, Role.LOKR_W2_B));
            }
        }
    }

    private static void requireAll(Map<Role, Piece> pieces, Collection<Role> needed) {
        for (Role role : needed) {
            if (!pieces.containsKey(role)) {
                Piece other = pieces.values().iterator().next();
                throw Piece.failure(other.file(), other.name(), "a tensor ..." + role.suffix() + " beside it", "none");
            }
        }
    }

    /** Whether it changes the weight of its layer; if not, it may change the bias. */
    boolean hasDifference() {
        return pieces.keySet().stream().anyMatch(Role::isDifference);
    }

    Kind kind() {
        return Kind.of(
                pieces.keySet().stream().filter(Role::isDifference).findFirst().orElseThrow());
    }

    /** The tensor with this role, if there is one. */
    @Nullable
    Piece find(Role role) {
        return pieces.get(role);
    }

    /** The tensor with this role, which this kind has. */
    Piece get(Role role) {
        Piece piece = pieces.get(role);
        if (piece == null) {
            throw new IllegalArgumentException("%s has no %s".formatted(name, role.suffix()));
        }
        return piece;
    }

    /** How often the difference counts: {@code alpha / rank}; once if nothing is said. */
    double scale(int rank) {
        Piece alpha = find(Role.ALPHA);
        return alpha == null ? settings.scale(name, rank) : alpha.number() / rank;
    }

    /** Of a difference without a rank, where LyCORIS ignores the alpha it writes, and PEFT has the rank in its configuration. */
    double scaleOfWhole() {
        return settings.scaleOfWhole(name);
    }

    /** The names of its tensors in the file, those with certain roles. */
    List<String> tensors(Set<Role> roles) {
        List<String> names = new ArrayList<>();
        pieces.forEach((role, piece) -> {
            if (roles.contains(role)) {
                names.add(piece.name());
            }
        });
        return names;
    }
}
