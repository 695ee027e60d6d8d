/** Tools on model files. */
module dev.aquarelle.weights {
    requires transitive dev.aquarelle.core;
    requires static transitive org.jspecify;
}
