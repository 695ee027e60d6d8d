package dev.aquarelle.cli;

import picocli.CommandLine.IVersionProvider;

/** The version in the jar's manifest. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        String version = Version.class.getPackage().getImplementationVersion();
        return new String[] {
            "Aquarelle " + (version == null ? "(not from a jar)" : version),
            "Java %s, %s".formatted(Runtime.version(), System.getProperty("java.vm.name"))
        };
    }
}
