/**
 * Where a model comes from: a {@link dev.aquarelle.sd.checkpoint.ModelSource} gives its parts by diffusers' names, whatever the layout of
 * the files. Start with {@link dev.aquarelle.sd.checkpoint.ModelFolder}, the layout of diffusers itself.
 */
@NullMarked
package dev.aquarelle.sd.checkpoint;

import org.jspecify.annotations.NullMarked;
