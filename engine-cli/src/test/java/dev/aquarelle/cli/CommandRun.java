package dev.aquarelle.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/**
 * What a command line did.
 *
 * @param status the exit status
 * @param out standard output
 * @param err standard error
 */
record CommandRun(int status, String out, String err) {
    /** Runs the command within this process, as without a terminal. */
    static CommandRun of(String... args) {
        return of(new Interrupt(), args);
    }

    static CommandRun of(Interrupt interrupt, String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Aquarelle.commandLine(Terminal.NONE, interrupt)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true));
        return new CommandRun(line.execute(args), out.toString(), err.toString());
    }
}
