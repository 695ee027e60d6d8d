/** The same graphs on TornadoVM. Holds no backend yet. */
@NullMarked
package dev.aquarelle.gpu;

import org.jspecify.annotations.NullMarked;
