package dev.aquarelle.sd.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** What golden group 04 leaves out. */
class PromptAttentionTest {

    @Test
    void weightsOfNestedBracketsMultiplyFromTheInside() {
        assertThat(PromptAttention.parse("a ((b:1.2) c:1.5)"))
                .containsExactly(
                        new WeightedText("a ", 1), new WeightedText("b", 1.2 * 1.5), new WeightedText(" c", 1.5));
    }

    @Test
    void whatIsNoNumberIsNoWeight() {
        assertThat(PromptAttention.parse("(wait:...)")).containsExactly(new WeightedText("wait:...", 1.1));
        assertThat(PromptAttention.parse("(v:1.2.3)")).containsExactly(new WeightedText("v:1.2.3", 1.1));
    }

    @Test
    void aWordWithBreakInItIsNoMark() {
        assertThat(PromptAttention.parse("äBREAK, BREAKer")).containsExactly(new WeightedText("äBREAK, BREAKer", 1));
        assertThat(PromptAttention.parse("a,BREAK,b"))
                .containsExactly(new WeightedText("a,", 1), WeightedText.BREAK, new WeightedText(",b", 1));
    }

    @Test
    void aWeightBeyondAllNumbersIsRefused() {
        assertThatThrownBy(() -> PromptAttention.parse("(a:" + "9".repeat(60) + ")"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("weight of 'a': expected a finite number, found 1.0E60");
    }

    @Test
    void thousandsOfBracketsAreNoTrouble() {
        assertThat(PromptAttention.parse("[(".repeat(5000) + "a" + ")]".repeat(5000)))
                .extracting(WeightedText::text)
                .containsExactly("a");
        assertThat(PromptAttention.parse("\\".repeat(9999))).hasSize(1);
    }
}
