package dev.aquarelle.sd.vae;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One way of a tiny autoencoder in a file without a configuration, read off the names and shapes of its tensors. The original files
 * (madebyollin/taesd) hold one way each with bare numbers; others hold both under {@code encoder.} and {@code decoder.}.
 *
 * @param weights whose parts are the layers' numbers
 * @param first the number of the first convolution: 0, or 1 in a decoder whose layer 0 bounds the latents
 * @param in channels of what goes in
 * @param out channels of what comes out
 */
record TinyLayout(Weights weights, int first, int in, AutoencoderTinyConfig.Levels levels, int out) {
    private static final Pattern NAME = Pattern.compile("(\\d{1,4})\\.(?:conv\\.[024]\\.)?(?:weight|bias)");
    private static final int PICTURE_CHANNELS = 3;

    /** The encoder in a file, or null if there is none. */
    static @Nullable TinyLayout encoder(Weights file) {
        Weights part = part(file, "encoder");
        return part != null ? of(part) : isBare(file) && !isDecoder(file) ? of(file) : null;
    }

    /** The decoder in a file, or null if there is none. */
    static @Nullable TinyLayout decoder(Weights file) {
        Weights part = part(file, "decoder");
        return part != null ? of(part) : isBare(file) && isDecoder(file) ? of(file) : null;
    }

    private static @Nullable Weights part(Weights file, String way) {
        for (String name : List.of(way + ".layers", way, "taesd_" + way)) {
            if (isBare(file.at(name))) {
                return file.at(name);
            }
        }
        return null;
    }

    private static boolean isBare(Weights weights) {
        return weights.has("0.weight") || weights.has("1.weight");
    }

    /** Bare numbers: without a layer 0 it bounds its latents, with one it may still take something else than a picture. */
    private static boolean isDecoder(Weights weights) {
        return !weights.has("0.weight") || convolution(weights, 0).dim(1) != PICTURE_CHANNELS;
    }

    private static TinyLayout of(Weights weights) {
        TreeSet<Integer> numbers = numbers(weights);
        int first = numbers.getFirst();
        Shape convIn = convolution(weights, first);
        List<Integer> blocks = new ArrayList<>();
        int count = 0;
        for (int number : numbers.tailSet(first, false)) {
            if (weights.hasPart(number + ".conv")) {
                count++;
            } else {
                blocks.add(count);
                count = 0;
                requireBiasAtTheEndOnly(weights, number, number == numbers.getLast());
            }
        }
        Shape convOut = convolution(weights, numbers.getLast());
        return new TinyLayout(
                weights, first, convIn.dim(1), new AutoencoderTinyConfig.Levels(convIn.dim(0), blocks), convOut.dim(0));
    }

    private static TreeSet<Integer> numbers(Weights weights) {
        Set<String> names = weights.names();
        TreeSet<Integer> numbers = new TreeSet<>();
        for (String name : names) {
            Matcher matcher = NAME.matcher(name);
            if (!matcher.matches()) {
                throw new SafetensorsException("%s: expected the layers of a tiny autoencoder only, found this in %s"
                        .formatted(weights.path(name), weights.where()));
            }
            numbers.add(Integer.parseInt(matcher.group(1)));
        }
        return numbers;
    }

    private static void requireBiasAtTheEndOnly(Weights weights, int number, boolean last) {
        if (!last && weights.has(number + ".bias")) {
            throw new SafetensorsException(
                    "%s: expected no bias between two levels of a tiny autoencoder, found one in %s"
                            .formatted(weights.path(number + ".bias"), weights.where()));
        }
    }

    private static Shape convolution(Weights weights, int number) {
        String name = number + ".weight";
        Shape shape = weights.info(name).shape();
        if (shape.rank() != 4) {
            throw new SafetensorsException("%s: expected a convolution's four axes, found %s in %s"
                    .formatted(weights.path(name), shape, weights.where()));
        }
        return shape;
    }
}
