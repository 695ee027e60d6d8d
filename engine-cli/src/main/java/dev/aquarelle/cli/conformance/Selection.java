package dev.aquarelle.cli.conformance;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Which cases to run.
 *
 * @param groups by number or name ({@code 06}, {@code 06_unet}); empty means all
 * @param cases by full name or by the part behind the group's; empty means all
 */
public record Selection(List<String> groups, List<String> cases) {
    /** Everything. */
    public static final Selection ALL = new Selection(List.of(), List.of());

    /** The names it selects, in the manifest's order. */
    List<String> of(Manifest manifest) {
        for (String wanted : groups) {
            require(wanted, "group", manifest.groups(), group -> isGroup(wanted, group));
        }
        for (String wanted : cases) {
            require(wanted, "case", manifest.cases().keySet(), name -> isCase(wanted, name));
        }
        List<String> names = manifest.cases().entrySet().stream()
                .filter(e -> groups.isEmpty()
                        || groups.stream()
                                .anyMatch(wanted -> isGroup(wanted, e.getValue().group())))
                .filter(e -> cases.isEmpty() || cases.stream().anyMatch(wanted -> isCase(wanted, e.getKey())))
                .map(Map.Entry::getKey)
                .toList();
        if (names.isEmpty()) {
            throw new GoldenException("%s: expected cases to run, found none of groups %s and names %s"
                    .formatted(manifest.root(), groups, cases));
        }
        return names;
    }

    private static boolean isGroup(String wanted, String group) {
        return group.equals(wanted) || group.startsWith(wanted + "_") || group.startsWith("0" + wanted + "_");
    }

    private static boolean isCase(String wanted, String name) {
        return name.equals(wanted) || name.endsWith("/" + wanted);
    }

    private static void require(String wanted, String what, Collection<String> all, Predicate<String> matches) {
        if (all.stream().noneMatch(matches)) {
            List<String> some = all.stream().limit(15).toList();
            throw new GoldenException("no %s %s, there are %s%s"
                    .formatted(what, wanted, some, some.size() < all.size() ? " and others" : ""));
        }
    }
}
