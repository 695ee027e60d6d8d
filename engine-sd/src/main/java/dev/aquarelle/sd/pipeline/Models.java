package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.sd.checkpoint.ModelSource;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A model as the last request had it changed by its add-ons. The weights are mapped again where others are asked for, which takes milliseconds. */
final class Models implements AutoCloseable {
    private static final String COPIES = "what LoRAs and words make of the model's weights";

    private final ModelSource source;
    private final Backend backend;
    private final MemoryBudget budget;
    private final @Nullable Path previewDecoder;
    private OpenAddOns addOns;
    private DiffusionModel model;
    private long copies;

    /** Opens the model as it is. */
    Models(ModelSource source, Backend backend, MemoryBudget budget, @Nullable Path previewDecoder) {
        this.source = source;
        this.backend = backend;
        this.budget = budget;
        this.previewDecoder = previewDecoder;
        this.copies = source.copies();
        budget.require(COPIES, copies);
        this.model = new DiffusionModel(source, backend, budget.minus(copies), previewDecoder);
        this.addOns = new OpenAddOns(AddOns.NONE);
    }

    /** As the last request had it. */
    DiffusionModel model() {
        return model;
    }

    /** Those of the last request. */
    OpenAddOns addOns() {
        return addOns;
    }

    /** Bytes of weights that the request's add-ons make of the model's. */
    long copies() {
        return copies;
    }

    /**
     * Changes the model, if it is not as a request has it. If that fails, it is as it was, or as it is without any.
     *
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if the add-ons make more of its weights than there is memory for
     */
    void use(AddOns asked) {
        if (addOns.serve(asked)) {
            return;
        }
        OpenAddOns opened = new OpenAddOns(asked);
        boolean changed = false;
        try {
            ModelSource over = opened.over(source);
            budget.require(COPIES, over.copies());
            if (copies > source.copies()) {
                change(new OpenAddOns(AddOns.NONE), source); // so that these copies are not there beside the next ones
            }
            change(opened, over);
            changed = true;
        } finally {
            if (!changed) {
                opened.close();
            }
        }
    }

    private void change(OpenAddOns opened, ModelSource over) {
        model.release(); // so that there is room for the other one's first program
        DiffusionModel other = new DiffusionModel(over, backend, budget.minus(over.copies()), previewDecoder);
        DiffusionModel closing = model;
        OpenAddOns old = addOns;
        model = other;
        addOns = opened;
        copies = over.copies();
        try (old) {
            closing.close();
        }
    }

    @Override
    public void close() {
        OpenAddOns closing = addOns;
        try (closing) {
            model.close();
        }
    }
}
