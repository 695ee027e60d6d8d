package dev.aquarelle.sd.prompt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.sd.prompt.ComposedPrompt.Part;
import org.junit.jupiter.api.Test;

class ComposedPromptTest {

    @Test
    void partsWithWeights() {
        assertThat(ComposedPrompt.of("a cat :1.2 AND a dog AND a penguin: -2.2 ")
                        .parts())
                .containsExactly(new Part("a cat", 1.2), new Part(" a dog", 1), new Part(" a penguin", -2.2));
    }

    @Test
    void andIsAWordInCapitals() {
        assertThat(ComposedPrompt.of("SAND and ANDes, äAND").parts())
                .containsExactly(new Part("SAND and ANDes, äAND", 1));
        assertThat(ComposedPrompt.of("AND").parts()).containsExactly(new Part("", 1), new Part("", 1));
        assertThat(ComposedPrompt.of("a\nAND\nb:2").parts()).containsExactly(new Part("a", 1), new Part("\nb", 2));
    }

    @Test
    void whatIsBehindTheLastColonIsAWeightIfItIsANumber() {
        assertThat(ComposedPrompt.of("a:1:2.").parts()).containsExactly(new Part("a:1", 2));
        assertThat(ComposedPrompt.of("a:.5").parts()).containsExactly(new Part("a", 0.5));
        assertThat(ComposedPrompt.of("(a:1.5)").parts()).containsExactly(new Part("(a:1.5)", 1));
        assertThat(ComposedPrompt.of("a: b").parts()).containsExactly(new Part("a: b", 1));
        assertThat(ComposedPrompt.of("a:").parts()).containsExactly(new Part("a:", 1));
    }
}
