package uk.ac.manchester.tornado.api.enums;

/** What becomes of measured times. */
public enum ProfilerMode {
    CONSOLE,
    SILENT
}
