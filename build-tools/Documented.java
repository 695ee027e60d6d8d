import com.sun.source.doctree.DocCommentTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Checks that what a module offers is documented: {@code java Documented.java MODULE_FOLDER...}. Every public or
 * protected type and method needs a comment, and so does every constant; what overrides something has its comment there,
 * a record's components are in the comment of the record, and constructors and enum constants may speak for themselves.
 */
final class Documented extends TreePathScanner<Void, Void> {
    private static final Set<Tree.Kind> INTERFACES = Set.of(Tree.Kind.INTERFACE, Tree.Kind.ANNOTATION_TYPE);

    private final DocTrees trees;
    private final List<String> undocumented = new ArrayList<>();

    private Documented(DocTrees trees) {
        this.trees = trees;
    }

    public static void main(String[] modules) throws IOException {
        List<Path> sources = new ArrayList<>();
        for (String module : modules) {
            try (Stream<Path> files = Files.walk(Path.of(module, "src", "main", "java"))) {
                files.filter(file -> file.toString().endsWith(".java")).sorted().forEach(sources::add);
            }
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            var task = (JavacTask) compiler.getTask(
                    new PrintWriter(System.err), files, null, null, null, files.getJavaFileObjectsFromPaths(sources));
            var check = new Documented(DocTrees.instance(task));
            for (CompilationUnitTree unit : task.parse()) {
                check.scan(unit, null);
            }
            if (!check.undocumented.isEmpty()) {
                check.undocumented.forEach(System.err::println);
                System.exit(1);
            }
        }
    }

    @Override
    public Void visitClass(ClassTree type, Void unused) {
        if (!isOffered(type.getModifiers())) {
            return null;
        }
        require(type.getSimpleName());
        return super.visitClass(type, null);
    }

    @Override
    public Void visitMethod(MethodTree method, Void unused) {
        boolean overrides = method.getModifiers().getAnnotations().stream()
                .anyMatch(a -> a.getAnnotationType().toString().equals("Override"));
        if (isOffered(method.getModifiers()) && !overrides && method.getReturnType() != null) {
            require(method.getName());
        }
        return null;
    }

    @Override
    public Void visitVariable(VariableTree field, Void unused) {
        boolean isEnumConstant = enclosingKind() == Tree.Kind.ENUM
                && field.getType().toString().contentEquals(enclosing().getSimpleName());
        if (isOffered(field.getModifiers()) && !isEnumConstant) {
            require(field.getName());
        }
        return null;
    }

    /** Members of an interface are public without saying so; what lies in a type that is not offered is not reached. */
    private boolean isOffered(ModifiersTree modifiers) {
        Set<Modifier> flags = modifiers.getFlags();
        return flags.contains(Modifier.PUBLIC)
                || flags.contains(Modifier.PROTECTED)
                || (INTERFACES.contains(enclosingKind()) && !flags.contains(Modifier.PRIVATE));
    }

    private Tree.Kind enclosingKind() {
        return getCurrentPath().getParentPath().getLeaf().getKind();
    }

    private ClassTree enclosing() {
        return (ClassTree) getCurrentPath().getParentPath().getLeaf();
    }

    private void require(CharSequence name) {
        TreePath path = getCurrentPath();
        DocCommentTree comment = trees.getDocCommentTree(path);
        if (comment == null || comment.getFullBody().isEmpty()) {
            CompilationUnitTree unit = path.getCompilationUnit();
            long line =
                    unit.getLineMap().getLineNumber(trees.getSourcePositions().getStartPosition(unit, path.getLeaf()));
            undocumented.add("%s:%d: %s is offered, but has no comment"
                    .formatted(unit.getSourceFile().getName(), line, name));
        }
    }
}
