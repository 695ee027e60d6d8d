package dev.aquarelle.sd.image;

import java.util.Arrays;
import java.util.PriorityQueue;

/**
 * A canonical prefix code as deflate uses it (RFC 1951, 3.2.2): each symbol's length in bits follows from how often it occurs, its bits from
 * the lengths alone.
 */
final class HuffmanCode {
    private final int[] lengths;
    private final int[] codes;

    private HuffmanCode(int[] lengths) {
        this.lengths = lengths;
        this.codes = canonical(lengths);
    }

    private record Node(long count, int order, int symbol, int left, int right) implements Comparable<Node> {
        @Override
        public int compareTo(Node other) {
            return count != other.count ? Long.compare(count, other.count) : Integer.compare(order, other.order);
        }
    }

    /** A code for symbols that occur that often, no code longer than {@code longest} bits. */
    static HuffmanCode forCounts(int[] counts, int longest) {
        int[] scaled = counts.clone();
        int[] lengths = lengths(scaled);
        while (Arrays.stream(lengths).max().orElse(0)
                > longest) { // flatter counts make a flatter tree, in the end an even one
            for (int i = 0; i < scaled.length; i++) {
                scaled[i] = (scaled[i] + 1) / 2;
            }
            lengths = lengths(scaled);
        }
        return new HuffmanCode(lengths);
    }

    private static int[] lengths(int[] counts) {
        Node[] nodes = new Node[2 * counts.length + 1];
        PriorityQueue<Node> queue = new PriorityQueue<>();
        int made = 0;
        for (int symbol = 0; symbol < counts.length; symbol++) {
            if (counts[symbol] > 0) {
                nodes[made] = new Node(counts[symbol], made, symbol, -1, -1);
                queue.add(nodes[made]);
                made++;
            }
        }
        int[] lengths = new int[counts.length];
        if (made == 1) {
            lengths[nodes[0].symbol] = 1; // a code of one symbol still takes a bit
            return lengths;
        }
        while (queue.size() > 1) {
            Node a = queue.remove();
            Node b = queue.remove();
            nodes[made] = new Node(a.count + b.count, made, -1, a.order, b.order);
            queue.add(nodes[made]);
            made++;
        }
        int[] depth = new int[made];
        for (int i = made - 1; i >= 0; i--) { // parents are made after their children
            if (nodes[i].symbol >= 0) {
                lengths[nodes[i].symbol] = depth[i];
            } else {
                depth[nodes[i].left] = depth[i] + 1;
                depth[nodes[i].right] = depth[i] + 1;
            }
        }
        return lengths;
    }

    private static int[] canonical(int[] lengths) {
        int[] codes = new int[lengths.length];
        int code = 0;
        for (int bits = 1; bits < 16; bits++) {
            for (int symbol = 0; symbol < lengths.length; symbol++) {
                if (lengths[symbol] == bits) {
                    codes[symbol] =
                            Integer.reverse(code++) >>> 32 - bits; // deflate sends codes from the highest bit on
                }
            }
            code <<= 1;
        }
        return codes;
    }

    /** Bits of a symbol's code; 0 if it does not occur. */
    int length(int symbol) {
        return lengths[symbol];
    }

    /** How many symbols there are up to the last that occurs, but at least {@code fewest}. */
    int used(int fewest) {
        int used = lengths.length;
        while (used > fewest && lengths[used - 1] == 0) {
            used--;
        }
        return used;
    }

    void write(int symbol, Deflate.Bits out) {
        out.write(codes[symbol], lengths[symbol]);
    }
}
