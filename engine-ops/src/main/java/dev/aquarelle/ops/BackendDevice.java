package dev.aquarelle.ops;

/**
 * Something that a backend can run on.
 *
 * @param id as {@link BackendOptions#device} takes it
 * @param description one line on what it is
 * @param isAutomatic whether it may be used when none is asked for
 */
public record BackendDevice(String id, String description, boolean isAutomatic) {}
