package dev.aquarelle.sd.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.sd.prompt.TaggedPrompt.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TaggedPromptTest {

    @Test
    void tagsAreTakenOut() {
        TaggedPrompt tagged = TaggedPrompt.of("a <lora:one>cat<lyco:two v1.5:0.8>, <3 <lora:x:0.8:0.5>");

        assertThat(tagged.text()).isEqualTo("a cat, <3 ");
        assertThat(tagged.loras())
                .containsExactly(new Tag("one", 1, 1), new Tag("two v1.5", 0.8, 0.8), new Tag("x", 0.8, 0.5));
    }

    @Test
    void commentsAreLeftOutFirst() {
        TaggedPrompt tagged = TaggedPrompt.of("# <lora:no>\na <lora:x>cat# of mine, #2 \n##\non a mat");

        assertThat(tagged.text()).isEqualTo("\na cat\n\non a mat");
        assertThat(tagged.loras()).containsExactly(new Tag("x", 1, 1));
    }

    @Test
    void weightsByName() {
        assertThat(TaggedPrompt.of("<lora:x:te=0.5><lora:x:unet=-1><lora:x:2:te=0:unet=1>")
                        .loras())
                .containsExactly(new Tag("x", 0.5, 0.5), new Tag("x", 1, -1), new Tag("x", 0, 1));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "<hypernet:x:1>|prompt: expected <lora:NAME:WEIGHT>, found <hypernet:x:1>",
                "<lora:x:much>|prompt: <lora:x:much>: expected a number, found 'much'",
                "<lora:x:NaN>|prompt: <lora:x:NaN>: expected a finite number, found NaN",
                "<lora:x:1:dyn=4>|prompt: <lora:x:1:dyn=4>: expected te=WEIGHT or unet=WEIGHT, found dyn=4",
                "<lora: :1>|prompt: expected <lora:NAME:WEIGHT> or <lora:NAME:WEIGHT:WEIGHT>, found <lora: :1>",
                "<lora:x:1:2:3>|prompt: expected <lora:NAME:WEIGHT> or <lora:NAME:WEIGHT:WEIGHT>, found <lora:x:1:2:3>",
            })
    void whatIsNoTagOfALoraIsRefused(String prompt, String message) {
        assertThatThrownBy(() -> TaggedPrompt.of(prompt))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }
}
