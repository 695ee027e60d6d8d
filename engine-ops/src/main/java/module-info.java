/** Ops, graphs, and the backends that run them on the CPU. */
module dev.aquarelle.ops {
    requires transitive dev.aquarelle.core;
    requires jdk.jfr;
    requires static jdk.incubator.vector;
    requires static org.jspecify;
}
