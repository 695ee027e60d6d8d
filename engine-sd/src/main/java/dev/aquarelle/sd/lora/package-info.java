/**
 * Small files that change a model without being one: LoRA (Hu et al., arXiv:2106.09685) and its kin LoCon, LoHa, LoKr (LyCORIS,
 * arXiv:2309.14859), DoRA (arXiv:2402.09353) and full differences, by the names of diffusers, PEFT and kohya.
 *
 * <p>Start at {@link dev.aquarelle.sd.lora.Loras}: files and how strongly each counts are laid over a model's weights; the models themselves
 * know nothing of it. What is of low rank becomes two small tensors beside a layer's weight, and the layer adds their product to what it gives;
 * anything else becomes a weight of its own in the place of the layer's.
 */
@NullMarked
package dev.aquarelle.sd.lora;

import org.jspecify.annotations.NullMarked;
