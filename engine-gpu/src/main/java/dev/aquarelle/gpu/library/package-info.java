/** What TornadoVM calls for the tasks of a device's library. */
@NullMarked
package dev.aquarelle.gpu.library;

import org.jspecify.annotations.NullMarked;
