package uk.ac.manchester.tornado.api.common;

/** A device. */
public interface TornadoDevice {
    String getDeviceName();

    String getDescription();

    String getPlatformName();

    long getMaxAllocMemory();

    long getMaxGlobalMemory();
}
