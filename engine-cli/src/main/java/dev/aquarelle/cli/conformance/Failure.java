package dev.aquarelle.cli.conformance;

/**
 * One comparison of a case that went wrong.
 *
 * @param what the output or sub-case
 * @param index the worst element, such as {@code [0, 3, 17, 5]}; empty if no single element is meant
 * @param expected what the golden says
 * @param found what the engine gave
 * @param limit how far apart they may be; empty if they must be equal
 */
public record Failure(String what, String index, String expected, String found, String limit) {

    /** Something that is not as it must be, where no element is meant. */
    static Failure of(String what, Object expected, Object found) {
        return new Failure(what, "", String.valueOf(expected), String.valueOf(found), "");
    }

    /** As the report's line shows it. */
    @Override
    public String toString() {
        return "%s%s: expected %s, found %s%s"
                .formatted(what, index, expected, found, limit.isEmpty() ? "" : ", limit " + limit);
    }
}
