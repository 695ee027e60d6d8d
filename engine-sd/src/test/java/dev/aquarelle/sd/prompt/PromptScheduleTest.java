package dev.aquarelle.sd.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** By the documented behavior of the web interface, with ten steps; further ones were computed by its grammar. */
class PromptScheduleTest {

    private static String schedule(String prompt) {
        return PromptSchedule.of(prompt, 10).entries().stream()
                .map(entry -> entry.endAtStep() + "=" + entry.text())
                .collect(Collectors.joining(";"));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '"',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "test~10=test",
                "a [b:3]~3=a ;10=a b",
                "a [b: 3]~3=a ;10=a b",
                "a [b:3 ]~3=a ;10=a b",
                "a [[[b]]:2]~2=a ;10=a [[b]]",
                "[(a:2):3]~3=;10=(a:2)",
                "a [b : c : 1] d~1=a b  d;10=a  c  d",
                "a[b:[c:d:2]:1]e~1=abe;2=ace;10=ade",
                "a [unbalanced~10=a [unbalanced",
                "a [b:.5] c~5=a  c;10=a b c",
                "((a][:b:c [d:3]~3=((a][:b:c ;10=((a][:b:c d",
                "[a::4]b~4=ab;10=b",
                "[::4]b~4=b;10=b",
                "[a:b:0]~10=b",
                "[a:b:-3]~10=b",
                "[a:b:0.25]~2=a;10=b",
                "[a:b:1.0]~10=a",
                "[a:b:12]~10=a",
                "[a:b:1e0]~1=a;10=b",
                "[a:b:x]~10=[a:b:x]",
                "[a:b:c:3]~10=[a:b:c:3]",
                "[a:b [c:3]~3=[a:b ;10=[a:b c",
                "(x [a:b:3]:1.2)~3=(x a:1.2);10=(x b:1.2)",
                "\\[a:b:3\\]~10=\\[a:b:3\\]",
                "[a\\:b:c:3]~3=a\\:b;10=c",
                "[a:b:3] | c~10=[a:b:3] | c",
                "[a:b:3] \\~10=[a:b:3] \\",
                "[a|b:3]~10=[a|b:3]",
                "[(a|b):c:3]~10=[(a|b):c:3]",
            })
    void asTheWebInterfaceReadsIt(String prompt, String expected) {
        assertThat(schedule(prompt)).isEqualTo(expected);
    }

    @Test
    void alternatesFromStepToStep() {
        assertThat(schedule("[a|(b:1.1)]"))
                .isEqualTo("1=a;2=(b:1.1);3=a;4=(b:1.1);5=a;6=(b:1.1);7=a;8=(b:1.1);9=a;10=(b:1.1)");
        assertThat(schedule("[fe|]male"))
                .isEqualTo("1=female;2=male;3=female;4=male;5=female;6=male;7=female;8=male;9=female;10=male");
        assertThat(schedule("[|||fe]male")).startsWith("1=male;2=male;3=male;4=female;5=male");
        assertThat(schedule("[[a|b]:[c|d|e]:4]")).isEqualTo("1=a;2=b;3=a;4=b;5=d;6=e;7=c;8=d;9=e;10=c");
    }

    /** The web interface compares a count from 0 with ends that count from 1. */
    @Test
    void theFirstTextLastsOneStepLonger() {
        PromptSchedule schedule = PromptSchedule.of("[a:b:3]", 10);

        assertThat(schedule.at(0)).isEqualTo("a");
        assertThat(schedule.at(3)).isEqualTo("a");
        assertThat(schedule.at(4)).isEqualTo("b");
        assertThat(schedule.at(9)).isEqualTo("b");
        assertThat(PromptSchedule.of("[a|b]", 10).at(1)).isEqualTo("a");
        assertThat(PromptSchedule.of("[a|b]", 10).at(2)).isEqualTo("b");
    }

    /** By the rule of the web interface's version 1.6, worked out by hand: ten steps, then twenty. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = ';',
            value = {
                "[a:b:0.5]; 20=b",
                "[a:b:1.0]; 20=b",
                "[a:b:1.5]; 10=a|20=b",
                "[a:b:2.0]; 20=a",
                "[a:b:10]; 20=b",
                "[a:b:14]; 4=a|20=b",
                "[a:b:99]; 20=a",
                "[a:[b:c:13]:0.3]; 3=b|20=c",
            })
    void numbersGoOnInASecondPass(String prompt, String expected) {
        assertThat(PromptSchedule.of(prompt, 10).again(20).entries().stream()
                        .map(entry -> entry.endAtStep() + "=" + entry.text())
                        .collect(Collectors.joining("|")))
                .isEqualTo(expected);
    }

    @Test
    void alternationBeginsAnewInASecondPass() {
        assertThat(PromptSchedule.of("[a|b|c]", 10).again(2).entries())
                .containsExactly(new PromptSchedule.Entry(1, "a"), new PromptSchedule.Entry(2, "b"));
    }

    @Test
    void bracketsBeyondMeasureAreRefusedAndUnbalancedOnesAreNoTrouble() {
        String open = "[".repeat(9000);

        assertThat(schedule(open)).isEqualTo("10=" + open);
        assertThat(PromptSchedule.of("[a:".repeat(9000), 10).entries()).hasSize(1);
        assertThatThrownBy(() -> schedule(open + "]".repeat(9000)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("prompt: expected brackets nested at most 100 deep, found more");
    }
}
