/** The {@code aquarelle} command, a thin layer over the library. */
@NullMarked
package dev.aquarelle.cli;

import org.jspecify.annotations.NullMarked;
