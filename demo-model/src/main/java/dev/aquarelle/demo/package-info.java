/** A small Stable Diffusion that travels with the engine. Start at {@code DemoModel}: it says in which folder the model is. */
@NullMarked
package dev.aquarelle.demo;

import org.jspecify.annotations.NullMarked;
