/** How much memory something may take: the budget that is checked before anything is allocated. */
@NullMarked
package dev.aquarelle.core.memory;

import org.jspecify.annotations.NullMarked;
