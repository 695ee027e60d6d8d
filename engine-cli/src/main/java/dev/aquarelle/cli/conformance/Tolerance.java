package dev.aquarelle.cli.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

/**
 * How far a computed tensor y may be from the golden g: every element within {@code abs + rel * |g| + relToAbsMax * max|g|}, and the root
 * mean square of y - g within {@code rms}.
 *
 * @param abs for every element alike
 * @param rel times the element's own size
 * @param relToAbsMax times the size of the largest element
 * @param rms for the difference as a whole; infinite where nothing is said
 */
public record Tolerance(double abs, double rel, double relToAbsMax, double rms) {
    /** Equal; NaN equals NaN. */
    public static final Tolerance EXACT = new Tolerance(0, 0, 0, Double.POSITIVE_INFINITY);

    /**
     * @throws IllegalArgumentException if one of them is negative or NaN
     */
    public Tolerance {
        if (!(abs >= 0 && rel >= 0 && relToAbsMax >= 0 && rms >= 0)) {
            throw new IllegalArgumentException(
                    "expected limits not below 0, found %s %s %s %s".formatted(abs, rel, relToAbsMax, rms));
        }
    }

    /** Every element within {@code limit}. */
    public static Tolerance within(double limit) {
        return new Tolerance(limit, 0, 0, Double.POSITIVE_INFINITY);
    }

    /**
     * An entry of a case's {@code tolerance}: {@code tol_max_abs} and {@code tol_rms}, or what they are made from
     * ({@code max(10 * noise_max, 5e-5 * rms)}, {@code max(10 * noise_rms, 1e-5 * rms)}), or {@code abs}, {@code rel} and
     * {@code rel_to_absmax}, or the rule {@code exact}.
     *
     * @param where how messages call the entry
     * @throws GoldenException if it is none of these
     */
    public static Tolerance of(JsonElement json, String where) {
        if (json.isJsonObject()) {
            JsonObject entry = json.getAsJsonObject();
            double none = Double.POSITIVE_INFINITY;
            if (entry.has("tol_max_abs") || entry.has("tol_rms")) {
                return new Tolerance(
                        number(entry, "tol_max_abs", none, where), 0, 0, number(entry, "tol_rms", none, where));
            }
            if (entry.has("abs") || entry.has("rel") || entry.has("rel_to_absmax")) {
                return new Tolerance(
                        number(entry, "abs", 0, where),
                        number(entry, "rel", 0, where),
                        number(entry, "rel_to_absmax", 0, where),
                        none);
            }
            if (entry.has("noise_max") && entry.has("noise_rms") && entry.has("rms")) {
                double rms = number(entry, "rms", 0, where);
                return new Tolerance(
                        Math.max(10 * number(entry, "noise_max", 0, where), 5e-5 * rms),
                        0,
                        0,
                        Math.max(10 * number(entry, "noise_rms", 0, where), 1e-5 * rms));
            }
            if (entry.has("rule") && entry.get("rule").toString().startsWith("\"exact")) {
                return EXACT;
            }
        } else if (json.isJsonPrimitive() && json.toString().startsWith("\"exact")) {
            return EXACT;
        }
        throw new GoldenException("%s: expected limits, found %s".formatted(where, json));
    }

    /** How far an element may be from the golden {@code g}. */
    public double limit(double g, double absMax) {
        double limit = abs;
        limit += rel == 0 ? 0 : rel * Math.abs(g);
        return limit + (relToAbsMax == 0 ? 0 : relToAbsMax * absMax);
    }

    private static double number(JsonObject entry, String key, double absent, String where) {
        JsonElement value = entry.get(key);
        if (value == null) {
            return absent;
        }
        if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isNumber() || !(value.getAsDouble() >= 0)) {
            throw new GoldenException("%s.%s: expected a number not below 0, found %s".formatted(where, key, value));
        }
        return value.getAsDouble();
    }
}
