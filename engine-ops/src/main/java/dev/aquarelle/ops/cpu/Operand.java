package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;

/**
 * Where the F32 numbers of a value lie while a step runs.
 *
 * @param segment the program's memory
 * @param byteOffset where in it the value starts
 */
record Operand(MemorySegment segment, long byteOffset) {}
