package dev.aquarelle.weights;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * How the tensors of two files differ. Types may be different: numbers are compared as doubles.
 *
 * @param onlyInFirst names that the second file lacks, in the file's order
 * @param onlyInSecond names that the first file lacks, in the file's order
 * @param reshaped tensors whose numbers were not compared, as their shapes differ
 * @param differences tensors with different numbers, the worst first: NaN before all, then by {@link Difference#relative()}
 * @param equal how many tensors have equal numbers
 */
public record Comparison(
        List<String> onlyInFirst,
        List<String> onlyInSecond,
        List<Reshaped> reshaped,
        List<Difference> differences,
        int equal) {
    private static final Comparator<Difference> WORST_FIRST = Comparator.comparing(
                    Difference::nans, Comparator.<Long>reverseOrder())
            .thenComparing(Difference::relative, Comparator.<Double>reverseOrder())
            .thenComparing(Difference::name);

    /** A tensor that has one shape in the first file and another in the second. */
    public record Reshaped(String name, Shape first, Shape second) {}

    public Comparison {
        onlyInFirst = List.copyOf(onlyInFirst);
        onlyInSecond = List.copyOf(onlyInSecond);
        reshaped = List.copyOf(reshaped);
        differences = List.copyOf(differences);
    }

    /**
     * Compares two safetensors files, indexes, or folders of a model's part.
     *
     * @throws SafetensorsException if one is not there or malformed
     */
    public static Comparison of(Path first, Path second) {
        try (Arena arena = Arena.ofShared()) {
            Map<String, Tensor> a = WeightsFile.open(first, arena).tensors();
            Map<String, Tensor> b = WeightsFile.open(second, arena).tensors();
            List<Reshaped> reshaped = new ArrayList<>();
            List<Difference> differences = new ArrayList<>();
            int equal = 0;
            for (Map.Entry<String, Tensor> entry : a.entrySet()) {
                String name = entry.getKey();
                Tensor mine = entry.getValue();
                Tensor theirs = b.get(name);
                if (theirs == null) {
                    continue; // listed by missing
                }
                if (!mine.shape().equals(theirs.shape())) {
                    reshaped.add(new Reshaped(name, mine.shape(), theirs.shape()));
                    continue;
                }
                Difference difference = Difference.of(name, mine, theirs);
                if (difference.isNone()) {
                    equal++;
                } else {
                    differences.add(difference);
                }
            }
            differences.sort(WORST_FIRST);
            return new Comparison(missing(a, b), missing(b, a), reshaped, differences, equal);
        }
    }

    /** Whether both files have the same names, shapes and numbers; types may differ. */
    public boolean isEqual() {
        return onlyInFirst.isEmpty() && onlyInSecond.isEmpty() && reshaped.isEmpty() && differences.isEmpty();
    }

    private static List<String> missing(Map<String, Tensor> here, Map<String, Tensor> there) {
        return here.keySet().stream().filter(name -> !there.containsKey(name)).toList();
    }
}
