/**
 * Reading and writing safetensors: mapped, lazy, and with every field of the header checked. Start at {@code Weights}.
 */
@NullMarked
package dev.aquarelle.core.safetensors;

import org.jspecify.annotations.NullMarked;
