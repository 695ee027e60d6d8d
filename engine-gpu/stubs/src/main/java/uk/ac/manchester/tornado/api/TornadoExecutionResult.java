package uk.ac.manchester.tornado.api;

/** What an execution gave. */
public class TornadoExecutionResult {}
