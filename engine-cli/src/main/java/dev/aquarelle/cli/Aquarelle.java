package dev.aquarelle.cli;

import dev.aquarelle.cli.conformance.ConformanceCommand;
import dev.aquarelle.cli.measure.BenchCommand;
import dev.aquarelle.cli.measure.ProfileCommand;
import dev.aquarelle.cli.measure.ShortcutsCommand;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** Starts the {@code aquarelle} command. */
public final class Aquarelle {
    private Aquarelle() {}

    /** Runs a command line and exits with its status. */
    public static void main(String[] args) {
        Terminal terminal = Terminal.ofProcess();
        terminal.eraseIncubatorWarning();
        Interrupt interrupt = Interrupt.install();
        int status = execute(commandLine(terminal, interrupt), args);
        interrupt.workIsDone();
        System.exit(status);
    }

    static int execute(CommandLine line, String... args) {
        try {
            int status = line.execute(args);
            boolean lost =
                    line.getOut().checkError() || System.out.checkError(); // one does not hear of the other's errors
            return lost ? Failures.reportLostOutput(line, status) : status;
        } catch (OutOfMemoryError e) { // what filled the heap is out of reach here
            return Failures.reportFullHeap(line);
        }
    }

    static CommandLine commandLine(Terminal terminal, Interrupt interrupt) {
        CommandLine line = new CommandLine(new GenerateCommand(terminal, interrupt))
                .addSubcommand(new UpscaleCommand(terminal, interrupt))
                .addSubcommand(new ReplayCommand(terminal, interrupt))
                .addSubcommand(new ConformanceCommand())
                .addSubcommand(new BackendsCommand())
                .addSubcommand(new DevicesCommand())
                .addSubcommand(new ModelsCommand())
                .addSubcommand(new InspectCommand())
                .addSubcommand(new ConvertCommand())
                .addSubcommand(new CompareCommand())
                .addSubcommand(new SynthCommand())
                .addSubcommand(new BenchCommand(interrupt))
                .addSubcommand(new ProfileCommand(interrupt))
                .addSubcommand(new ShortcutsCommand(interrupt))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setColorScheme(CommandLine.Help.defaultColorScheme(terminal.outIsTerminal() ? Ansi.ON : Ansi.OFF));
        Arguments.register(line);
        line.setExecutionExceptionHandler((e, command, _) ->
                interrupt.isCancelled() ? Failures.reportStop(command) : Failures.report(e, command));
        line.setParameterExceptionHandler(Failures::reportUsage);
        return line;
    }
}
