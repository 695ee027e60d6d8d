/** A backend that runs graphs on a GPU through TornadoVM. */
module dev.aquarelle.gpu {
    exports dev.aquarelle.gpu;

    provides dev.aquarelle.ops.Backend.Provider with
            dev.aquarelle.gpu.GpuBackend.Provider;

    requires transitive dev.aquarelle.ops;
    requires static tornado.api;
    requires static tornado.runtime;
    requires static transitive org.jspecify;
}
