/** Ops, graphs, and the backends that run them on the CPU. */
module dev.aquarelle.ops {
    exports dev.aquarelle.ops;
    exports dev.aquarelle.ops.graph;
    exports dev.aquarelle.ops.plan;
    exports dev.aquarelle.ops.cpu;

    provides dev.aquarelle.ops.Backend.Provider with
            dev.aquarelle.ops.cpu.CpuBackend.Provider,
            dev.aquarelle.ops.reference.ReferenceProvider;

    uses dev.aquarelle.ops.Backend.Provider;

    requires transitive dev.aquarelle.core;
    requires transitive jdk.jfr;
    requires static jdk.incubator.vector;
    requires static transitive org.jspecify;
}
