/**
 * The vocabulary of the engine. An {@code Op} is a record with its shape rule, in a file for each family; a {@code Value} a symbolic
 * tensor, a {@code Graph} the ops in order.
 */
@NullMarked
package dev.aquarelle.ops.graph;

import org.jspecify.annotations.NullMarked;
