package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.image.Image;

/** How far pictures are apart. */
final class Differences {
    private Differences() {}

    /** The peak signal-to-noise ratio in dB. */
    static double psnr(Image a, Image b) {
        byte[] first = a.toByteArray();
        byte[] second = b.toByteArray();
        double sum = 0;
        for (int i = 0; i < first.length; i++) {
            double difference = (first[i] & 0xFF) - (second[i] & 0xFF);
            sum += difference * difference;
        }
        return 10 * Math.log10(255 * 255 / (sum / first.length));
    }
}
