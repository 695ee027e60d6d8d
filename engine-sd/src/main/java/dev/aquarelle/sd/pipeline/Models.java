package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.sd.checkpoint.ModelSource;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A model as the last request had it changed by its add-ons. The weights are mapped again where others are asked for, which takes milliseconds. */
final class Models implements AutoCloseable {
    private final ModelSource source;
    private final Backend backend;
    private final MemoryBudget budget;
    private final @Nullable Path previewDecoder;
    private OpenAddOns addOns;
    private DiffusionModel model;

    /** Opens the model as it is. */
    Models(ModelSource source, Backend backend, MemoryBudget budget, @Nullable Path previewDecoder) {
        this.source = source;
        this.backend = backend;
        this.budget = budget;
        this.previewDecoder = previewDecoder;
        this.model = new DiffusionModel(source, backend, budget, previewDecoder);
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

    /** Changes the model, if it is not as a request has it. If that fails, it stays as it was. */
    void use(AddOns asked) {
        if (addOns.serve(asked)) {
            return;
        }
        OpenAddOns opened = new OpenAddOns(asked);
        boolean changed = false;
        try {
            model.release(); // so that there is room for the other one's first program
            DiffusionModel other = new DiffusionModel(opened.over(source), backend, budget, previewDecoder);
            DiffusionModel closing = model;
            OpenAddOns old = addOns;
            model = other;
            addOns = opened;
            changed = true;
            try (old) {
                closing.close();
            }
        } finally {
            if (!changed) {
                opened.close();
            }
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
