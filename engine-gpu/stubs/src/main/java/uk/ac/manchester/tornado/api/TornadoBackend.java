package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.common.TornadoDevice;

/** Devices of one kind. */
public interface TornadoBackend {
    int getNumDevices();

    TornadoDevice getDevice(int index);
}
