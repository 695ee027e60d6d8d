package dev.aquarelle.sd.schedulers;

/** Timesteps of the samplers that know whole ones only. */
final class Timesteps {
    private Timesteps() {}

    /** Rounded, halves to the even one. */
    static int[] whole(double[] timesteps) {
        int[] whole = new int[timesteps.length];
        for (int i = 0; i < whole.length; i++) {
            whole[i] = (int) Math.rint(timesteps[i]);
        }
        return whole;
    }
}
