/** The small trained model that makes the first picture. */
module dev.aquarelle.demo {
    exports dev.aquarelle.demo;

    requires static transitive org.jspecify;
}
