/**
 * Models that steer the denoiser by a picture. Start at {@link ControlNets} and {@link T2IAdapters}, each of which makes one program of one
 * or several models; their outputs are inputs of the denoiser's ({@link dev.aquarelle.sd.unet.Steering}).
 */
@NullMarked
package dev.aquarelle.sd.control;

import org.jspecify.annotations.NullMarked;
