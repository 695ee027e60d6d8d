/** The part of TornadoVM's API that the GPU backend uses, with the names and signatures of the real one, to compile and test without it. */
module tornado.api {
    exports uk.ac.manchester.tornado.api;
    exports uk.ac.manchester.tornado.api.common;
    exports uk.ac.manchester.tornado.api.enums;
    exports uk.ac.manchester.tornado.api.exceptions;
    exports uk.ac.manchester.tornado.api.math;
    exports uk.ac.manchester.tornado.api.runtime;
    exports uk.ac.manchester.tornado.api.types.arrays;

    opens uk.ac.manchester.tornado.api; // as the real one: an emulator places its work items
}
