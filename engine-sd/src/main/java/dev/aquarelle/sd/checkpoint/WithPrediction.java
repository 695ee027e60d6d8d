package dev.aquarelle.sd.checkpoint;

import dev.aquarelle.sd.schedulers.SchedulerConfig;
import java.util.SequencedMap;

/**
 * A model of which the user knows what its denoiser predicts.
 *
 * @param base the model
 * @param prediction {@code epsilon}, {@code v_prediction} or {@code sample}
 */
public record WithPrediction(ModelSource base, String prediction) implements SourceOver {
    @Override
    public SchedulerConfig scheduler() {
        return base.scheduler().with("prediction_type", prediction);
    }

    @Override
    public void putInto(SequencedMap<String, String> values, FileHashes hashes) {
        base.putInto(values, hashes);
        values.put("Prediction type", prediction);
    }
}
