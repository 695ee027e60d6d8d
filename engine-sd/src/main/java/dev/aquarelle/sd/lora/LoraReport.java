package dev.aquarelle.sd.lora;

import java.nio.file.Path;
import java.util.List;

/**
 * What became of LoRA files on a model.
 *
 * @param files in the order they were given
 * @param mergedBytes of weights that stand in the place of the model's own, which stay in their file; made when a part is loaded
 * @param lowRankBytes of thin matrices beside the model's own
 */
public record LoraReport(List<OfFile> files, long mergedBytes, long lowRankBytes) {

    /**
     * One file's share.
     *
     * @param layers that it changes
     * @param unused what it holds that was not applied
     */
    public record OfFile(Path file, int layers, List<Unused> unused) {
        /** Copies the list. */
        public OfFile {
            unused = List.copyOf(unused);
        }
    }

    /**
     * A tensor that was not applied.
     *
     * @param tensor its name in the file
     * @param reason why not
     */
    public record Unused(String tensor, String reason) {}

    /** Copies the list. */
    public LoraReport {
        files = List.copyOf(files);
    }
}
