/** JSON files of models as they stand, before anyone asks what is in them. */
@NullMarked
package dev.aquarelle.sd.json;

import org.jspecify.annotations.NullMarked;
