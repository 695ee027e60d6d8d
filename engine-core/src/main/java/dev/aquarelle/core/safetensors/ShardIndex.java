package dev.aquarelle.core.safetensors;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The index of a model split over several files ({@code *.safetensors.index.json}): which tensor is in which file. */
final class ShardIndex {
    private static final int LONGEST = SafetensorsHeader.LONGEST;
    private static final String WEIGHT_MAP = "weight_map";

    private ShardIndex() {}

    /**
     * Reads an index.
     *
     * @return the file of each tensor, all of them in the index's folder
     * @throws SafetensorsException if the index is malformed or points out of its folder
     */
    static Map<String, Path> read(Path index) {
        String file = index.toString();
        Map<String, String> weightMap = new LinkedHashMap<>();
        boolean[] found = new boolean[1];
        StrictJson.readObject(bytes(index), file, (json, key) -> {
            if (key.equals(WEIGHT_MAP)) {
                found[0] = true;
                json.object(() -> WEIGHT_MAP, name -> weightMap.put(name, json.string(() -> StrictJson.quote(name))));
            } else {
                json.skip(() -> StrictJson.quote(key));
            }
        });
        if (!found[0]) {
            throw new SafetensorsException("%s: expected a %s, found none".formatted(file, WEIGHT_MAP));
        }
        Map<String, Path> shards = new LinkedHashMap<>();
        Map<String, Path> checked = new LinkedHashMap<>();
        weightMap.forEach((name, shard) -> {
            Path path = checked.get(shard);
            if (path == null) {
                path = inside(index, name, shard);
                checked.put(shard, path);
            }
            shards.put(name, path);
        });
        return shards;
    }

    private static byte[] bytes(Path index) {
        SafetensorsFile.requireFile(index);
        try (InputStream in = Files.newInputStream(index)) {
            byte[] bytes = in.readNBytes(LONGEST + 1);
            if (bytes.length > LONGEST) {
                throw new SafetensorsException("%s: expected at most %d bytes, found more".formatted(index, LONGEST));
            }
            return bytes;
        } catch (IOException e) {
            throw new SafetensorsException(
                    "%s: expected a readable index, found: %s".formatted(index, e.getMessage()), e);
        }
    }

    private static Path inside(Path index, String name, String shard) {
        Path absolute = index.toAbsolutePath();
        Path folder = absolute.resolveSibling("");
        try {
            Path relative = Path.of(shard);
            Path resolved = folder.resolve(relative).normalize();
            if (shard.isEmpty()
                    || shard.indexOf('\\') >= 0
                    || relative.isAbsolute()
                    || !resolved.startsWith(folder.normalize())
                    || !relative.equals(relative.normalize())) {
                throw outside(index, name, shard);
            }
            Path real = resolved.toRealPath();
            Path realFolder = folder.toRealPath();
            if (!real.startsWith(realFolder) && !isBlobOfSnapshot(real, realFolder)) {
                throw outside(index, name, shard);
            }
            return real; // the file that was checked, whatever becomes of links on the way to it
        } catch (InvalidPathException e) {
            throw new SafetensorsException(
                    "%s: %s: expected a file name, found %s"
                            .formatted(index, StrictJson.quote(name), StrictJson.quote(shard)),
                    e);
        } catch (IOException e) {
            throw new SafetensorsException(
                    "%s: %s: expected the file %s beside the index, found none"
                            .formatted(index, StrictJson.quote(name), StrictJson.quote(shard)),
                    e);
        }
    }

    /**
     * The one way in which files of a model are rightly links to the outside: the download cache of huggingface_hub keeps
     * {@code MODEL/snapshots/REVISION/.../file} as links to {@code MODEL/blobs/HASH}.
     */
    private static boolean isBlobOfSnapshot(Path real, Path realFolder) {
        for (Path at = realFolder; at.getParent() != null; at = at.getParent()) {
            if (at.endsWith("snapshots")) {
                return real.startsWith(at.resolveSibling("blobs"));
            }
        }
        return false;
    }

    private static SafetensorsException outside(Path index, String name, String shard) {
        return new SafetensorsException("%s: %s: expected a file in the index's folder, found %s"
                .formatted(index, StrictJson.quote(name), StrictJson.quote(shard)));
    }
}
