package dev.aquarelle.sd.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
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
