/** The part of TornadoVM's interface for libraries that the GPU backend uses, with the names and signatures of the real one. */
module tornado.runtime {
    requires transitive tornado.api;

    exports uk.ac.manchester.tornado.runtime.common;
    exports uk.ac.manchester.tornado.runtime.library;
    exports uk.ac.manchester.tornado.runtime.library.spi;
}
