package dev.aquarelle.cli.conformance;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The {@code mid.*} tensors of a case, each the output of the part of the model it is named after. They are looked at only when the result
 * is wrong: the graph that is judged keeps none of them.
 */
final class Intermediates {
    private static final String PREFIX = "mid.";

    private Intermediates() {}

    /** If something failed: runs the model again, keeping what its parts put out, and notes the first part that is wrong. */
    static void explain(GoldenCase golden, Consumer<Graph> model, Backend backend, Check check, List<Tensor> inputs) {
        if (check.failures().isEmpty()) {
            return;
        }
        Map<String, Value> parts = new LinkedHashMap<>();
        Graph graph = Graph.build(g -> {
            model.accept(g);
            outputsOfParts(golden, g).forEach((name, value) -> {
                g.output(name, value);
                parts.put(name, value);
            });
        });
        try (Program program = backend.compile(graph)) {
            program.run(inputs.toArray(Tensor[]::new));
            int before = check.failures().size();
            for (String part : parts.keySet()) {
                Tensor expected = golden.data().get(part);
                boolean image = expected.shape().rank() == 4;
                check.close(
                        part, program.output(part), image ? Nchw.toNhwc(expected) : expected, golden.tolerance(part));
                if (check.failures().size() > before) {
                    return;
                }
            }
        }
    }

    /** The last value that each part made, in the order of computation. */
    private static Map<String, Value> outputsOfParts(GoldenCase golden, Graph graph) {
        Map<String, Value> last = new LinkedHashMap<>();
        for (String name : golden.data().names()) {
            if (name.startsWith(PREFIX) && golden.tolerance().has(name)) {
                last.put(name, lastValue(graph, name.substring(PREFIX.length())));
            }
        }
        Map<String, Value> ordered = new LinkedHashMap<>();
        last.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Comparator.comparingInt(Value::id)))
                .forEach(entry -> ordered.put(entry.getKey(), entry.getValue()));
        return ordered;
    }

    /** What a part of the model puts out. */
    static Value lastValue(Graph graph, String part) {
        Stream<Value> within = graph.values().stream()
                .filter(value -> value.scope().equals(part) || value.scope().startsWith(part + "."));
        return within.max(Comparator.comparingInt(Value::id))
                .orElseThrow(() -> new TensorException("the graph has no part named " + part));
    }
}
