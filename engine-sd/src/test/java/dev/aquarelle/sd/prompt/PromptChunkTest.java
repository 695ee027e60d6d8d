package dev.aquarelle.sd.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptChunkTest {
    private static final int CAT = 513;
    private static final int AT = 514;
    private static final int BOS = 518;
    private static final int EOS = 519;

    @TempDir
    private Path folder;

    private ClipTokenizer tokenizer;

    @BeforeEach
    void loadTokenizer() throws IOException {
        tokenizer = ClipTokenizer.load(TinyTokenizer.write(folder));
    }

    @Test
    void givesEachTokenTheWeightOfItsPart() {
        List<PromptChunk> chunks = chunks(new WeightedText("cat", 1), new WeightedText(" at cat", 1.5));

        assertThat(chunks).hasSize(1);
        assertThat(chunks.getFirst().ids()).containsExactly(BOS, CAT, AT, CAT, EOS);
        assertThat(chunks.getFirst().weights()).containsExactly(1, 1, 1.5f, 1.5f, 1);
    }

    @Test
    void beginsANewChunkWhenOneIsFull() {
        List<PromptChunk> chunks = chunks(new WeightedText("cat cat cat at", 2));

        assertThat(chunks).hasSize(2);
        assertThat(chunks.get(0).ids()).containsExactly(BOS, CAT, CAT, CAT, EOS);
        assertThat(chunks.get(1).ids()).containsExactly(BOS, AT, EOS, EOS, EOS);
        assertThat(chunks.get(1).weights()).containsExactly(1, 2, 1, 1, 1);
    }

    @Test
    void aFullChunkIsNotFollowedByAnEmptyOne() {
        assertThat(chunks(new WeightedText("cat cat cat", 1))).hasSize(1);
    }

    @Test
    void breakEndsAChunk() {
        List<PromptChunk> chunks = chunks(new WeightedText("cat", 1), WeightedText.BREAK, new WeightedText("at", 1));

        assertThat(chunks).hasSize(2);
        assertThat(chunks.get(0).ids()).containsExactly(BOS, CAT, EOS, EOS, EOS);
        assertThat(chunks.get(1).ids()).containsExactly(BOS, AT, EOS, EOS, EOS);
    }

    @Test
    void anEmptyPromptIsOneChunk() {
        assertThat(chunks()).hasSize(1);
        assertThat(chunks().getFirst().ids()).containsExactly(BOS, EOS, EOS, EOS, EOS);
    }

    /** A full chunk ends at its last comma if that is near; a comma itself needs no other one. */
    @Test
    void aFullChunkEndsAtACommaThatIsNear() {
        assertThat(cut("cat, cat cat at", 2)).containsExactly("cat,", "cat cat at");
        assertThat(cut("cat, cat cat", 1)).containsExactly("cat, cat", "cat");
        assertThat(cut("cat cat, at", 20)).containsExactly("cat cat,", "at");
        assertThat(cut("cat, cat, at", 20)).containsExactly("cat, cat", ", at");
        assertThat(cut("cat, cat cat, at", 20)).containsExactly("cat,", "cat cat,", "at");
        assertThat(cut("cat, at cat cat", 0)).containsExactly("cat, at", "cat cat");
    }

    @Test
    void weightsGoAlongToTheNextChunk() {
        List<PromptChunk> chunks =
                PromptChunk.of(tokenizer, List.of(new WeightedText("cat,", 1), new WeightedText("cat cat", 2)), 5, 20);

        assertThat(chunks.get(0).weights()).containsExactly(1, 1, 1, 1, 1);
        assertThat(chunks.get(1).weights()).containsExactly(1, 2, 2, 1, 1);
    }

    @Test
    void aWordOfSeveralIdsIsNotCut() {
        ClipTokenizer more = tokenizer.with("tiger", 2);
        int first = more.size() - 2;
        List<PromptChunk> chunks = PromptChunk.of(more, List.of(new WeightedText("cat cat tiger at", 1)), 5, 20);

        assertThat(chunks.get(0).ids()).containsExactly(BOS, CAT, CAT, EOS, EOS);
        assertThat(chunks.get(1).ids()).containsExactly(BOS, first, first + 1, AT, EOS);
        assertThat(PromptChunk.of(tokenizer.with("tiger", 4), List.of(new WeightedText("cat tiger", 1)), 5))
                .hasSize(3);
    }

    private List<String> cut(String prompt, int backtrack) {
        int comma = tokenizer.tokenize(",")[0];
        return PromptChunk.of(tokenizer, List.of(new WeightedText(prompt, 1)), 5, backtrack).stream()
                .map(chunk -> IntStream.of(chunk.ids())
                        .filter(id -> id != BOS && id != EOS)
                        .mapToObj(id -> id == comma ? "," : id == CAT ? " cat" : " at")
                        .collect(Collectors.joining())
                        .strip())
                .toList();
    }

    @Test
    void emphasisMultipliesRowsAndMayRestoreTheMean() {
        Tensor hidden = Tensor.of(new float[] {1, 2, 3, 6}, 2, 2);

        assertThat(Emphasis.NO_NORM.apply(hidden, new float[] {1, 2}).toFloatArray())
                .containsExactly(1, 2, 6, 12);
        assertThat(Emphasis.ORIGINAL.apply(hidden, new float[] {0, 2}).toFloatArray())
                .containsExactly(0, 0, 6 * 12 / 18f, 12 * 12 / 18f);
        assertThat(hidden.toFloatArray()).containsExactly(1, 2, 3, 6);
        assertThatThrownBy(() -> Emphasis.ORIGINAL.apply(hidden, new float[3]))
                .isInstanceOf(TensorException.class)
                .hasMessage("emphasis: expected [3, C] for so many weights, found [2, 2]");
    }

    @Test
    void refusesAWeightThatIsNoNumber() {
        assertThatThrownBy(() -> new WeightedText("cat", Double.NaN))
                .hasMessage("weight of 'cat': expected a finite number, found NaN");
    }

    private List<PromptChunk> chunks(WeightedText... parts) {
        return PromptChunk.of(tokenizer, List.of(parts), 5);
    }
}
