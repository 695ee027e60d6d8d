package dev.aquarelle.sd.schedulers;

/**
 * The single-precision square root of the mathematical library behind the reference: an estimate of {@code 1 / sqrt(x)} of 12 bits and
 * two steps of Newton's, which come out one unit in the last place off the rounded root for every fifth number.
 *
 * <p>It is used where the reference's result hangs on that last bit: rescaling to zero terminal signal makes betas of quotients of
 * differences of such roots, and ancestral steps from a sigma of thousands keep a difference of nearly equal squares. Everywhere else
 * roots are exact.
 */
final class EstimatedRoot {
    private static final int ROWS = 32;

    /**
     * The estimates for numbers from 1 to 4, in units of 2^-13: 16 rows from 1 to 2, 16 from 2 to 4, each with the estimate at its begin,
     * how far it falls from one sixteenth of the row to the next, and how far within each (digits of base 36).
     */
    private static final String[] ESTIMATES = {
        "8191 ggfggffgffffffe 01234567789abcde",
        "7947 fefeeeeeeeeeded 01233456789aabcd",
        "7723 dedddddddcddcdc 012234566789abbc",
        "7517 cdcccccccbccbcb 0122344567789aab",
        "7326 bbcbbbbbbbbbbab 001223455677899a",
        "7150 abababaaabaaaaa 011233455667889a",
        "6986 aaaa9aa9a9a9a99 0012233445667889",
        "6832 99a999999999899 0011223445566788",
        "6689 998989898988988 0112233445566778",
        "6553 888888888888788 0011223344556677",
        "6426 878878787878778 0011223334455667",
        "6306 777877777777777 0112223344556667",
        "6192 776777767767767 0011122333445566",
        "6085 767676766766766 0011222334445556",
        "5982 666666766666666 0011122333445556",
        "5885 666656666566656 0001112233344455",
        "5792 bbcbabbbbabbaba 011233455677899a",
        "5619 aabaaaaa9aaa9a9 0012233455677899",
        "5461 a99a99999999999 0012233445667788",
        "5315 899898988988988 0012233445566778",
        "5181 888888888788787 0011223344556677",
        "5056 787877877787777 0111223344556667",
        "4940 777777767776776 0011222334455566",
        "4831 676767667667666 0011222334445566",
        "4729 666666666666665 0001122233344555",
        "4634 665666565665656 0011122233344455",
        "4544 565655655655556 0011122233344455",
        "4459 555555555555555 0111222333444455",
        "4378 455555455545545 0001112222333444",
        "4302 454554545454544 0001112222333444",
        "4230 454454454445444 0011112222333344",
        "4161 444444544444444 0011112222333344"
    };

    private static final int[] TABLE = table();

    private EstimatedRoot() {}

    static float of(float x) {
        if (!(x >= Float.MIN_NORMAL && x < Float.POSITIVE_INFINITY)) {
            return (float) Math.sqrt(x);
        }
        int half = Math.floorDiv(Math.getExponent(x), 2);
        float scaled = Math.scalb(x, -2 * half); // 1 to 4, exactly
        int bits = Float.floatToRawIntBits(scaled);
        float estimate = TABLE[(bits >> 11) - (0x3f800000 >> 11)] * 0x1p-13f;
        float root = scaled * estimate;
        float slope = 0.5f * estimate;
        float error = 0.5f - root * slope;
        root += root * error;
        slope += slope * error;
        return Math.scalb(root + (scaled - root * root) * slope, half);
    }

    private static int[] table() {
        int[] table = new int[ROWS * 256];
        for (int row = 0; row < ROWS; row++) {
            String[] parts = ESTIMATES[row].split(" ", -1);
            int coarse = Integer.parseInt(parts[0]);
            for (int i = 0; i < 256; i++) {
                if (i > 0 && i % 16 == 0) {
                    coarse -= Character.digit(parts[1].charAt(i / 16 - 1), 36);
                }
                table[256 * row + i] = coarse - Character.digit(parts[2].charAt(i % 16), 36);
            }
        }
        return table;
    }
}
