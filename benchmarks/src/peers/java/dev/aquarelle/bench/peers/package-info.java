/** Other engines in the JVM of the kernel benchmarks; only in builds with the profile {@code peers}. */
@NullMarked
package dev.aquarelle.bench.peers;

import org.jspecify.annotations.NullMarked;
