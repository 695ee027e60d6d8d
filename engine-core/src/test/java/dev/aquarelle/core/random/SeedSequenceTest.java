package dev.aquarelle.core.random;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Words of {@code numpy.random.SeedSequence(entropy, spawn_key=place, pool_size=24).generate_state(4)}, numpy 2.4.6. */
class SeedSequenceTest {
    @Test
    void wordsOfASeedAreNumpys() {
        assertThat(words(0)).containsExactly(0xeff41bd6, 0xa030bacb, 0x8ab2f371, 0x5df8813d);
        assertThat(words(7)).containsExactly(0x520c648f, 0x25257c7a, 0x1a09bbd4, 0x46b7f0c0);
    }

    @Test
    void wordsOfAPlaceAreNumpys() {
        assertThat(words(7, 0, 0)).containsExactly(0x0f99a34e, 0xf15ed8fc, 0x2a82ed6f, 0x8c683fbd);
        assertThat(words(7, 5, 3)).containsExactly(0x459672fd, 0x236af38e, 0xd82b9cfb, 0x9045f026);
        assertThat(words(0xffff_ffffL, 8388607, 23)).containsExactly(0x27065fb7, 0x42ce44bb, 0xa69a4914, 0xc8993351);
    }

    @Test
    void seedsAndPlacesBeyond32BitsAreTwoWordsEach() {
        assertThat(words(12345678901234L, 1L << 33 | 5, 40))
                .containsExactly(0xe3b243e2, 0x920d5b49, 0x9461267a, 0xf040233f);
    }

    private static int[] words(long entropy, long... place) {
        return new SeedSequence(entropy, 24, place).state(4);
    }
}
