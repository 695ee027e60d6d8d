package dev.aquarelle.ops;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** One step of a program in a Flight Recorder recording: which part of the model, what it did, how much work that was. */
@Name("aquarelle.Step")
@Label("Step")
@Category("Aquarelle")
@StackTrace(false)
public final class StepEvent extends Event {
    /** The part of the model, as the checkpoint names it. */
    @Label("Scope")
    public String scope = "";

    /** The operation's label. */
    @Label("Operation")
    public String op = "";

    /** What computed it: {@code gemm}, {@code winograd}. */
    @Label("Kernel")
    public String kernel = "";

    /** The operands' shapes and the result's. */
    @Label("Shapes")
    public String shapes = "";

    /** Floating-point operations, a multiply-add counted as two. */
    @Label("Floating-point operations")
    public long flops;

    /** Bytes of all operands and of the result. */
    @Label("Bytes")
    @DataAmount
    public long bytes;

    /** Bytes of weights that are rearranged for the kernel. */
    @Label("Packed bytes")
    @DataAmount
    public long packedBytes;

    /** Takes over what is known of the step. */
    public void describe(StepInfo step) {
        scope = step.scope();
        op = step.op();
        kernel = step.kernel();
        shapes = step.shapes();
        flops = step.flops();
        bytes = step.bytes();
        packedBytes = step.packedBytes();
    }
}
