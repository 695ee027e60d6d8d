/** The command line. */
module dev.aquarelle.cli {
    opens dev.aquarelle.cli to
            info.picocli;
    opens dev.aquarelle.cli.conformance to
            info.picocli;
    opens dev.aquarelle.cli.measure to
            com.google.gson,
            info.picocli;

    provides System.LoggerFinder with
            dev.aquarelle.cli.StderrLog;

    requires dev.aquarelle.core;
    requires dev.aquarelle.demo;
    requires dev.aquarelle.gpu;
    requires dev.aquarelle.ops;
    requires dev.aquarelle.sd;
    requires dev.aquarelle.weights;
    requires com.google.gson;
    requires info.picocli;
    requires jdk.jfr;
    requires jdk.management;
    requires me.tongfei.progressbar;
    requires static transitive org.jspecify;
}
