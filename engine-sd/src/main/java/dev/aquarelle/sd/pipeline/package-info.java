/**
 * From a prompt to a picture. Start at {@link dev.aquarelle.sd.pipeline.StableDiffusion}; {@link
 * dev.aquarelle.sd.pipeline.DiffusionModel} is the layer below it, for those who bring their own noise or scheduler.
 */
@NullMarked
package dev.aquarelle.sd.pipeline;

import org.jspecify.annotations.NullMarked;
