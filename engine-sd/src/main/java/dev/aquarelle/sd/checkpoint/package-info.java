/**
 * Where a model comes from: a {@link dev.aquarelle.sd.checkpoint.ModelSource} gives its parts by diffusers' names, whatever the layout of
 * the files. Start with {@link dev.aquarelle.sd.checkpoint.ModelFolder}, the layout of diffusers itself; {@link
 * dev.aquarelle.sd.checkpoint.SingleFile} is a checkpoint in the original layout, {@link dev.aquarelle.sd.checkpoint.FileKind} tells what
 * a file is.
 */
@NullMarked
package dev.aquarelle.sd.checkpoint;

import org.jspecify.annotations.NullMarked;
