package dev.aquarelle.cli.conformance;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.aquarelle.cli.conformance.CaseResult.Outcome;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The results of a run.
 *
 * @param golden the golden folder
 * @param backend the backend's name
 * @param results one for each case, in the order they ran
 */
public record Report(Path golden, String backend, List<CaseResult> results) {

    /** How many cases ended so. */
    public long count(Outcome outcome) {
        return results.stream().filter(result -> result.outcome() == outcome).count();
    }

    /** Whether there were cases and all of them passed: what was left out has not. */
    public boolean allPassed() {
        return !results.isEmpty() && count(Outcome.PASSED) == results.size();
    }

    /** 0 if all passed, otherwise 1. */
    public int exitStatus() {
        return allPassed() ? 0 : 1;
    }

    /** Passed, failed and unsupported by group, the reasons for the last, and the sum. */
    public String table() {
        Map<String, List<CaseResult>> byGroup =
                results.stream().collect(Collectors.groupingBy(CaseResult::group, TreeMap::new, Collectors.toList()));
        List<String> lines = new ArrayList<>();
        lines.add(row("group", "cases", "checks", "passed", "failed", "unsupported", "seconds", ""));
        byGroup.forEach((group, cases) -> lines.add(row(group, cases)));
        lines.add(row("all", results));
        return lines.stream().map(String::stripTrailing).collect(Collectors.joining("\n"));
    }

    private static String row(String name, List<CaseResult> cases) {
        Report part = new Report(Path.of(""), "", cases);
        String reasons = cases.stream()
                .map(CaseResult::unsupported)
                .filter(reason -> !reason.isEmpty())
                .collect(Collectors.groupingBy(reason -> reason, TreeMap::new, Collectors.counting()))
                .entrySet()
                .stream()
                .map(e -> "%s (%d)".formatted(e.getKey(), e.getValue()))
                .collect(Collectors.joining(", "));
        return row(
                name,
                cases.size(),
                cases.stream().mapToInt(CaseResult::checks).sum(),
                part.count(Outcome.PASSED),
                part.count(Outcome.FAILED),
                part.count(Outcome.UNSUPPORTED),
                String.format(
                        Locale.ROOT,
                        "%.1f",
                        cases.stream().mapToDouble(CaseResult::seconds).sum()),
                name.equals("all") ? "" : reasons);
    }

    private static String row(Object... cells) {
        return String.format(Locale.ROOT, "%-20s %6s %7s %7s %7s %12s %8s  %s", cells);
    }

    /** All of it for programs: totals, and every case with its failures. */
    public String json() {
        JsonObject json = new JsonObject();
        json.addProperty("golden", golden.toString());
        json.addProperty("backend", backend);
        for (Outcome outcome : Outcome.values()) {
            json.addProperty(outcome.name().toLowerCase(Locale.ROOT), count(outcome));
        }
        json.addProperty("all_passed", allPassed());
        JsonArray cases = new JsonArray();
        results.forEach(result -> cases.add(json(result)));
        json.add("cases", cases);
        return new GsonBuilder()
                .setPrettyPrinting()
                .disableHtmlEscaping()
                .create()
                .toJson(json);
    }

    private static JsonObject json(CaseResult result) {
        JsonObject json = new JsonObject();
        json.addProperty("case", result.name());
        json.addProperty("group", result.group());
        json.addProperty("outcome", result.outcome().name().toLowerCase(Locale.ROOT));
        json.addProperty("checks", result.checks());
        json.addProperty("seconds", result.seconds());
        if (!result.unsupported().isEmpty()) {
            json.addProperty("reason", result.unsupported());
        }
        JsonArray failures = new JsonArray();
        for (Failure failure : result.failures()) {
            JsonObject entry = new JsonObject();
            entry.addProperty("what", failure.what());
            entry.addProperty("index", failure.index());
            entry.addProperty("expected", failure.expected());
            entry.addProperty("found", failure.found());
            entry.addProperty("limit", failure.limit());
            failures.add(entry);
        }
        json.add("failures", failures);
        return json;
    }
}
