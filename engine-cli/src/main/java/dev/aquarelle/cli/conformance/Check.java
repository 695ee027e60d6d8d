package dev.aquarelle.cli.conformance;

import dev.aquarelle.core.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** What a group hands its results to. It compares and notes; nothing is thrown, so that a case shows all its failures. */
public final class Check {
    private final GoldenCase golden;
    private final List<Failure> failures = new ArrayList<>();
    private final Set<String> compared = new HashSet<>();
    private int checks;

    Check(GoldenCase golden) {
        this.golden = golden;
    }

    /** Compares with {@code out.NAME} under {@code tolerance.NAME} of the case. */
    public void close(String output, Tensor actual) {
        close(output, actual, golden.tolerance(output));
    }

    /** Compares an image or feature map {@code [N, H, W, C]} with {@code out.NAME}, which is {@code [N, C, H, W]}. */
    public void closeNhwc(String output, Tensor actual) {
        close(output, Nchw.fromNhwc(actual));
    }

    /** Compares with {@code out.NAME} under a tolerance of the caller's. */
    public void close(String output, Tensor actual, Tolerance tolerance) {
        compared(output);
        close(output, actual, golden.out(output), tolerance);
    }

    /** Compares two tensors; shapes must be equal, types need not. */
    public void close(String what, Tensor actual, Tensor expected, Tolerance tolerance) {
        checks++;
        if (!actual.shape().equals(expected.shape())) {
            failures.add(Failure.of(what, "shape " + expected.shape(), "shape " + actual.shape()));
            return;
        }
        Differences.compare(what, actual, expected, tolerance).ifPresent(failures::add);
    }

    /** Compares numbers held in arrays. */
    public void close(String what, float[] actual, float[] expected, Tolerance tolerance) {
        close(what, Tensor.of(actual, actual.length), Tensor.of(expected, expected.length), tolerance);
    }

    /** Compares by {@link Objects#equals}. */
    public void equal(String what, Object actual, Object expected) {
        checks++;
        if (!Objects.equals(actual, expected)) {
            failures.add(Failure.of(what, shown(expected), shown(actual)));
        }
    }

    /** Compares type, shape and bytes. */
    public void identical(String what, Tensor actual, Tensor expected) {
        checks++;
        if (!actual.toString().equals(expected.toString())) {
            failures.add(Failure.of(what, expected, actual));
            return;
        }
        long at = actual.data().mismatch(expected.data());
        if (at >= 0) {
            long element = at / actual.dtype().bytes();
            failures.add(new Failure(
                    what,
                    Differences.index(actual.shape(), element),
                    Differences.shown(expected, element),
                    Differences.shown(actual, element),
                    ""));
        }
    }

    /** Notes something that is wrong. */
    public void fail(String what, String expected, String found) {
        checks++;
        failures.add(Failure.of(what, expected, found));
    }

    /** Says that {@code out.NAME} has been compared in the caller's own way. */
    public void compared(String output) {
        compared.add(output);
    }

    /** How many comparisons there were. */
    int checks() {
        return checks;
    }

    /** What went wrong so far. */
    List<Failure> failures() {
        return Collections.unmodifiableList(failures);
    }

    /** Notes what was not compared at all; called when the case is done. */
    void requireComplete() {
        for (String output : golden.outputs()) {
            if (!compared.contains(output)) {
                failures.add(Failure.of(output, "a comparison", "none: the group passes over this output"));
            }
        }
        if (checks == 0) {
            failures.add(Failure.of("the case", "at least one comparison", "none"));
        }
    }

    GoldenCase golden() {
        return golden;
    }

    private static String shown(Object value) {
        String text = String.valueOf(value);
        return text.length() > 300 ? text.substring(0, 300) + "..." : text;
    }
}
