package dev.aquarelle.cli;

import dev.aquarelle.sd.pipeline.MemoryNeed;
import dev.aquarelle.sd.pipeline.VaeTiling;
import java.io.PrintWriter;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** How much memory a picture may take and what is done about it, as the options say. */
final class MemoryOptions {
    @Mixin
    private final MemoryLimit limit = new MemoryLimit();

    @Option(
            names = "--vae-tiling",
            paramLabel = "N|auto|off",
            converter = Tiling.class,
            description =
                    "Let the autoencoder work in tiles of N latents, 8 pixels each, which changes the picture a little"
                            + " (default: auto, if --max-memory leaves no other way).")
    private VaeTiling vaeTiling = VaeTiling.AUTO;

    @Option(names = "--dry-run", description = "Say what the picture would take in memory, and make none.")
    private boolean dryRun;

    /** Reads what {@link VaeTiling#parse} reads. */
    static final class Tiling implements ITypeConverter<VaeTiling> {
        @Override
        public VaeTiling convert(String text) {
            try {
                return VaeTiling.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    /** How much memory there may be. */
    MemoryLimit limit() {
        return limit;
    }

    /** Whether the autoencoder may work in tiles. */
    VaeTiling vaeTiling() {
        return vaeTiling;
    }

    /** Whether nothing is to be made. */
    boolean isDryRun() {
        return dryRun;
    }

    /** What will be taken, in a line. */
    static String line(MemoryNeed need) {
        return "memory: %s, of which %s by the JVM, %s%s; %s of weights are mapped, which is not counted"
                .formatted(
                        MemoryLimit.amount(MemoryLimit.inAll(need)),
                        MemoryLimit.amount(MemoryLimit.ofJvm(need)),
                        sharing(need),
                        tiles(need),
                        MemoryLimit.amount(need.weights()));
    }

    private static String sharing(MemoryNeed need) {
        return switch (need.sharing()) {
            case TOGETHER -> "all programs at once";
            case ONE_AT_A_TIME -> "one program at a time";
            case ONE_LOOK_AT_A_TIME -> "one program at a time and one look at one picture at a time";
        };
    }

    private static String tiles(MemoryNeed need) {
        return need.vaeTile() == 0 ? "" : ", the autoencoder in tiles of %d latents".formatted(need.vaeTile());
    }

    /** What will be taken, part by part. */
    static void print(MemoryNeed need, PrintWriter out) {
        row(out, "text encoders", need.textEncoders(), "");
        row(out, "denoiser", need.denoiser(), "");
        if (need.adapters() > 0) {
            row(out, "largest adapter", need.adapters(), ", or its image encoder");
        }
        if (need.preview() > 0) {
            row(out, "previews' decoder", need.preview(), "");
        }
        if (need.encoder() > 0) {
            row(out, "autoencoder's encoder", need.encoder(), tiles(need));
        }
        row(out, "autoencoder's decoder", need.decoder(), tiles(need));
        if (need.copies() > 0) {
            row(out, "changed weights", need.copies(), ", made by LoRAs and embeddings");
        }
        row(out, "most at a time", need.peak(), ": " + sharing(need));
        row(out, "JVM", MemoryLimit.ofJvm(need), ", of which latents and pictures " + MemoryLimit.amount(need.heap()));
        row(out, "in all", MemoryLimit.inAll(need), "");
        row(out, "least that would do", need.least() + MemoryLimit.ofJvm(need), ", as --max-memory");
        row(out, "mapped weights", need.weights(), ", not counted");
        out.flush();
    }

    private static void row(PrintWriter out, String what, long bytes, String more) {
        out.printf("%-22s %10s%s%n", what, MemoryLimit.amount(bytes), more);
    }
}
