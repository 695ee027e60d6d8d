package uk.ac.manchester.tornado.api;

/** A graph that no longer changes. */
public class ImmutableTaskGraph {}
