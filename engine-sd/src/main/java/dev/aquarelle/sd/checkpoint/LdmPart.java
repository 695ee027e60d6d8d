package dev.aquarelle.sd.checkpoint;

import com.google.gson.JsonObject;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.sd.ModelConfig;

/** A part of a checkpoint in LDM layout, as diffusers has it. */
interface LdmPart {

    /**
     * The part's {@code config.json} as far as shapes tell it or the family has it.
     *
     * @param told what the caller knows; what is told need not be found out
     * @throws dev.aquarelle.sd.ModelException if it is no part that diffusers' configuration can describe, or a size cannot be found out
     */
    JsonObject config(ModelConfig told);

    /**
     * The part's tensors under diffusers' names and in its shapes.
     *
     * @param file all tensors of the file, mapped
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if one is missing or of a wrong shape
     */
    Weights weights(Weights file);
}
