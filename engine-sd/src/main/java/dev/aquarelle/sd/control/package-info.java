/**
 * Models that steer the denoiser by a picture. Start at {@link ControlNetModel}, several of which {@link ControlNets} runs as one program;
 * their outputs are inputs of the denoiser's ({@link dev.aquarelle.sd.unet.Steering}).
 */
@NullMarked
package dev.aquarelle.sd.control;

import org.jspecify.annotations.NullMarked;
