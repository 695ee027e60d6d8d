package dev.aquarelle.sd.pipeline;

import dev.aquarelle.ops.Program;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Programs of one network, each with what it was compiled for. */
final class KeptPrograms implements AutoCloseable {
    private record Kept(Demand demand, Program program) {}

    private final List<Kept> programs = new ArrayList<>();

    /** Keeps a program, which is closed with the others. */
    Program add(Demand demand, Program program) {
        programs.add(new Kept(demand, program));
        return program;
    }

    /** The first one whose demand serves, or {@code null}. */
    @Nullable
    Program find(Predicate<Demand> serves) {
        return programs.stream()
                .filter(kept -> serves.test(kept.demand))
                .map(Kept::program)
                .findFirst()
                .orElse(null);
    }

    /** Whether there are some of another size than what is wanted. */
    boolean haveOtherSize(Demand wanted) {
        return programs.stream().anyMatch(kept -> !kept.demand.isAsLargeAs(wanted));
    }

    boolean isEmpty() {
        return programs.isEmpty();
    }

    /** The memory that they hold. */
    long bytes() {
        return programs.stream()
                .mapToLong(kept -> kept.program.memory().total())
                .sum();
    }

    /** Frees all of them; others may be kept afterwards. */
    @Override
    public void close() {
        List<Kept> closing = List.copyOf(programs);
        programs.clear();
        closing.forEach(kept -> kept.program.close());
    }
}
