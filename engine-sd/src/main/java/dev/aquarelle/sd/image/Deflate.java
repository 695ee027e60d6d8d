package dev.aquarelle.sd.image;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.zip.Adler32;

/**
 * Compresses to a zlib stream (RFC 1950, 1951). Our own, because {@link java.util.zip.Deflater} is whatever zlib the machine has, and those do
 * not agree on the bytes: the same picture shall be the same file everywhere. About as small as zlib makes filtered rows.
 */
final class Deflate {
    private static final int TOKENS_PER_BLOCK = 1 << 15;
    private static final int END_OF_BLOCK = 256;
    /** The format knows matches from 3 on, but those save nothing in filtered rows: their bytes have short codes already. */
    private static final int SHORTEST = 6;

    private static final int LONGEST = 258;
    private static final int WINDOW = 1 << 15;
    /** How many earlier places with the same hash are tried for a match. */
    private static final int TRIES = 16;

    private static final int[] LENGTH_BASE = bases(3, 28, 4, new int[29]);
    private static final int[] DISTANCE_BASE = bases(1, 30, 2, new int[30]);
    private static final int[] LENGTHS_ORDER = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

    private final byte[] data;
    private final Bits out = new Bits();
    private final int[] tokens = new int[TOKENS_PER_BLOCK];
    private int count;

    private Deflate(byte[] data) {
        this.data = data;
    }

    static byte[] zlib(byte[] data) {
        return new Deflate(data).run();
    }

    /** The smallest value of each symbol; after {@code group} symbols without extra bits, every {@code group} have one more. */
    private static int[] bases(int first, int symbols, int group, int[] bases) {
        int value = first;
        for (int i = 0; i < symbols; i++) {
            bases[i] = value;
            value += 1 << extraBits(i, group);
        }
        if (bases.length > symbols) {
            bases[symbols] = LONGEST; // the longest length has a symbol of its own
        }
        return bases;
    }

    private static int extraBits(int symbol, int group) {
        return Math.max(0, symbol / group - 1);
    }

    private static int lengthExtra(int symbol) {
        return symbol == LENGTH_BASE.length - 1 ? 0 : extraBits(symbol, 4);
    }

    private static int symbolOf(int[] bases, int value) {
        int found = Arrays.binarySearch(bases, value);
        return found >= 0 ? found : -found - 2;
    }

    private byte[] run() {
        out.write(0x78, 8); // deflate, window of 32 KiB
        out.write(0x9C, 8); // default level; makes the two bytes a multiple of 31
        int[] newest = new int[WINDOW];
        int[] older = new int[WINDOW];
        Arrays.fill(newest, -1);
        int at = 0;
        while (at < data.length) {
            int match = longestMatch(at, newest, older);
            int length = Math.max(1, match >>> 16);
            addToken(match == 0 ? data[at] & 0xFF : match);
            for (int end = at + length; at < end; at++) {
                remember(at, newest, older);
            }
        }
        writeBlock(true);
        out.alignToByte();
        Adler32 checksum = new Adler32();
        checksum.update(data);
        for (int shift = 24; shift >= 0; shift -= 8) {
            out.write((int) (checksum.getValue() >>> shift) & 0xFF, 8);
        }
        return out.bytes.toByteArray();
    }

    private int hash(int at) {
        int hash = 0;
        for (int i = at; i < at + SHORTEST; i++) {
            hash = (hash ^ data[i] & 0xFF) * 0x01000193; // FNV-1a
        }
        return (hash ^ hash >>> 15) & WINDOW - 1;
    }

    private void remember(int at, int[] newest, int[] older) {
        if (at + SHORTEST <= data.length) {
            int hash = hash(at);
            older[at % WINDOW] = newest[hash];
            newest[hash] = at;
        }
    }

    /** The longest earlier run of the same bytes as {@code length << 16 | distance}; 0 for none. */
    private int longestMatch(int at, int[] newest, int[] older) {
        if (at + SHORTEST > data.length) {
            return 0;
        }
        int limit = Math.min(LONGEST, data.length - at);
        int best = SHORTEST - 1;
        int distance = 0;
        int candidate = newest[hash(at)];
        for (int tries = TRIES; tries > 0 && candidate >= 0 && at - candidate < WINDOW && best < limit; tries--) {
            int mismatch = Arrays.mismatch(data, at, at + limit, data, candidate, candidate + limit);
            int length = mismatch < 0 ? limit : mismatch;
            if (length > best) {
                best = length;
                distance = at - candidate;
            }
            candidate = older[candidate % WINDOW];
        }
        return distance == 0 ? 0 : best << 16 | distance;
    }

    private void addToken(int token) {
        if (count == TOKENS_PER_BLOCK) {
            writeBlock(false);
        }
        tokens[count++] = token;
    }

    private void writeBlock(boolean last) {
        int[] literalCounts = new int[286];
        int[] distanceCounts = new int[30];
        literalCounts[END_OF_BLOCK] = 1;
        for (int i = 0; i < count; i++) {
            if (tokens[i] <= 0xFF) {
                literalCounts[tokens[i]]++;
            } else {
                literalCounts[END_OF_BLOCK + 1 + symbolOf(LENGTH_BASE, tokens[i] >>> 16)]++;
                distanceCounts[symbolOf(DISTANCE_BASE, tokens[i] & 0xFFFF)]++;
            }
        }
        HuffmanCode literals = HuffmanCode.forCounts(literalCounts, 15);
        HuffmanCode distances = HuffmanCode.forCounts(distanceCounts, 15);
        out.write(last ? 1 : 0, 1);
        out.write(2, 2); // a block with its own codes
        writeCodes(literals, distances);
        for (int i = 0; i < count; i++) {
            if (tokens[i] <= 0xFF) {
                literals.write(tokens[i], out);
            } else {
                writeMatch(tokens[i] >>> 16, tokens[i] & 0xFFFF, literals, distances);
            }
        }
        literals.write(END_OF_BLOCK, out);
        count = 0;
    }

    private void writeMatch(int length, int distance, HuffmanCode literals, HuffmanCode distances) {
        int symbol = symbolOf(LENGTH_BASE, length);
        literals.write(END_OF_BLOCK + 1 + symbol, out);
        out.write(length - LENGTH_BASE[symbol], lengthExtra(symbol));
        int far = symbolOf(DISTANCE_BASE, distance);
        distances.write(far, out);
        out.write(distance - DISTANCE_BASE[far], extraBits(far, 2));
    }

    /** The lengths of both codes, themselves in a code; 17 and 18 stand for runs of zeros (RFC 1951, 3.2.7). */
    private void writeCodes(HuffmanCode literals, HuffmanCode distances) {
        int literalsUsed = literals.used(257);
        int distancesUsed = distances.used(1);
        int[] symbols = new int[literalsUsed + distancesUsed];
        int[] repeats = new int[symbols.length];
        int[] counts = new int[19];
        int n = 0;
        for (int i = 0; i < symbols.length; n++) {
            int length = lengthOf(i, literalsUsed, literals, distances);
            int run = 1;
            while (length == 0
                    && run < 138
                    && i + run < symbols.length
                    && lengthOf(i + run, literalsUsed, literals, distances) == 0) {
                run++;
            }
            symbols[n] = run < 3 ? length : run <= 10 ? 17 : 18;
            repeats[n] = run < 3 ? 1 : run;
            counts[symbols[n]]++;
            i += repeats[n];
        }
        HuffmanCode code = HuffmanCode.forCounts(counts, 7);
        int sent = LENGTHS_ORDER.length;
        while (sent > 4 && code.length(LENGTHS_ORDER[sent - 1]) == 0) {
            sent--;
        }
        out.write(literalsUsed - 257, 5);
        out.write(distancesUsed - 1, 5);
        out.write(sent - 4, 4);
        for (int i = 0; i < sent; i++) {
            out.write(code.length(LENGTHS_ORDER[i]), 3);
        }
        for (int i = 0; i < n; i++) {
            code.write(symbols[i], out);
            if (symbols[i] >= 17) {
                boolean few = symbols[i] == 17;
                out.write(repeats[i] - (few ? 3 : 11), few ? 3 : 7);
            }
        }
    }

    private static int lengthOf(int i, int literalsUsed, HuffmanCode literals, HuffmanCode distances) {
        return i < literalsUsed ? literals.length(i) : distances.length(i - literalsUsed);
    }

    /** Bits from the lowest on, as deflate packs them. */
    static final class Bits {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private long pending;
        private int pendingBits;

        void write(int value, int bits) {
            pending |= (long) value << pendingBits;
            pendingBits += bits;
            while (pendingBits >= 8) {
                bytes.write((int) pending);
                pending >>>= 8;
                pendingBits -= 8;
            }
        }

        void alignToByte() {
            write(0, -pendingBits & 7);
        }
    }
}
