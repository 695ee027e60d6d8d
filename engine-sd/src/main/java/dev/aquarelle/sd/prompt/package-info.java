/** What stands in a prompt before the tokenizer sees it. */
@NullMarked
package dev.aquarelle.sd.prompt;

import org.jspecify.annotations.NullMarked;
