package uk.ac.manchester.tornado.api.math;

/** Functions of devices. */
public class TornadoMath {
    public static float exp(float value) {
        return (float) Math.exp(value);
    }

    public static float sqrt(float value) {
        return (float) Math.sqrt(value);
    }
}
