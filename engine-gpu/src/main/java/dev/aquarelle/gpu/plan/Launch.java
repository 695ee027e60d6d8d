package dev.aquarelle.gpu.plan;

import dev.aquarelle.ops.StepInfo;
import java.util.Locale;

/**
 * One run of a kernel.
 *
 * @param kernel which
 * @param numbers what describes the operation, as the kernel says
 * @param groupsX groups of work items along the first axis; none of the three is 0
 * @param info what recordings say of it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Launch(Kernel kernel, int[] numbers, int groupsX, int groupsY, int groupsZ, StepInfo info) {

    Launch(Kernel kernel, int[] numbers, int groupsX, int groupsY, int groupsZ) {
        this(kernel, numbers, groupsX, groupsY, groupsZ, moving(kernel));
    }

    private static StepInfo moving(Kernel kernel) {
        return new StepInfo("", "move", kernel.name().toLowerCase(Locale.ROOT), "", 0, 0, 0);
    }

    /** A work item for each of {@code count} numbers. */
    static Launch over(Kernel kernel, int count, int[] numbers) {
        return new Launch(kernel, numbers, Math.ceilDiv(count, kernel.width()), 1, 1);
    }

    /** A group of work items for each of {@code count} rows. */
    static Launch rows(Kernel kernel, int count, int[] numbers) {
        return new Launch(kernel, numbers, count, 1, 1);
    }

    /** The same, as part of the computation of a value. */
    Launch with(StepInfo described) {
        return new Launch(kernel, numbers, groupsX, groupsY, groupsZ, described);
    }
}
