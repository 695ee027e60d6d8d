import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.JavaFormatterOptions;
import com.palantir.javaformat.java.JavaFormatterOptions.Style;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Formats the Java sources of a tree, or checks that they are formatted: {@code java Format.java check|apply FOLDER}.
 *
 * <p>The formatter parses with the compiler of the JVM it runs on, so the build starts this program with the JDK that
 * compiles the sources, which need not be the one that runs Maven.
 */
final class Format {
    private static final Formatter FORMATTER = Formatter.createFormatter(
            JavaFormatterOptions.builder().style(Style.PALANTIR).build());

    private Format() {}

    public static void main(String[] args) throws IOException {
        boolean apply = args[0].equals("apply");
        Path root = Path.of(args[1]).toAbsolutePath().normalize();

        List<String> unformatted = javaFiles(root).parallelStream()
                .map(file -> format(root, file, apply))
                .filter(Objects::nonNull)
                .toList();
        if (!unformatted.isEmpty()) {
            unformatted.forEach(System.err::println);
            System.err.println("Format with: mvn -q -N -Pformat validate");
            System.exit(1);
        }
    }

    private static List<Path> javaFiles(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> !root.relativize(file).toString().matches("(.*[/\\\\])?target[/\\\\].*"))
                    .sorted()
                    .toList();
        }
    }

    /** What is wrong with a file, or null. */
    private static String format(Path root, Path file, boolean apply) {
        try {
            String source = Files.readString(file);
            String formatted = FORMATTER.formatSourceAndFixImports(source);
            if (formatted.equals(source)) {
                return null;
            }
            if (!apply) {
                return root.relativize(file) + ": not formatted";
            }
            Files.writeString(file, formatted);
            return null;
        } catch (FormatterException e) {
            return root.relativize(file) + ": " + e.getMessage();
        } catch (IOException e) {
            return root.relativize(file) + ": " + e;
        }
    }
}
