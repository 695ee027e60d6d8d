/** Pictures: from the decoder's floats to PNG files with their parameters inside. */
@NullMarked
package dev.aquarelle.sd.image;

import org.jspecify.annotations.NullMarked;
