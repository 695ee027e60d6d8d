package dev.aquarelle.cli.conformance;

import dev.aquarelle.ops.Backend;
import java.io.IOException;

/** How the cases of one golden group are computed. Cases are independent of one another, and nothing depends on their names. */
public interface GoldenGroup {

    /** The group's name as the manifest has it: {@code 06_unet}. */
    String name();

    /**
     * Computes a case and hands what came out to {@code check}. Any exception is a failure of the case.
     *
     * <p>Every {@code out.*} tensor of the case must be compared, or the case fails.
     *
     * @throws UnsupportedCaseException if the case asks for something the engine does not do yet
     */
    void run(GoldenCase golden, Backend backend, Check check) throws IOException;
}
