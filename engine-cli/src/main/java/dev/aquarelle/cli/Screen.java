package dev.aquarelle.cli;

import java.io.PrintWriter;

/**
 * Where a command writes.
 *
 * @param out results
 * @param err progress and warnings
 * @param terminal what is known of it
 * @param preview whether the user wants to see pictures while they are made
 */
record Screen(PrintWriter out, PrintWriter err, Terminal terminal, boolean preview) {}
