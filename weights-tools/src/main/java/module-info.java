/** Tools on model files. */
module dev.aquarelle.weights {
    exports dev.aquarelle.weights;

    requires transitive dev.aquarelle.core;
    requires dev.aquarelle.sd;
    requires com.google.gson;
    requires static transitive org.jspecify;
}
