package dev.aquarelle.cli.conformance;

import dev.aquarelle.core.random.Generator;
import dev.aquarelle.core.random.PhiloxGenerator;
import dev.aquarelle.core.random.TorchCpuGenerator;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import java.math.BigInteger;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Group 10: random numbers by seed. An output's name says how it is drawn: {@code randn*} and {@code rand_*} from a fresh generator,
 * {@code randint_LOW_HIGH_x*} likewise, {@code seq0_*}, {@code seq1_*} and so on by successive {@code randn} from one. The generator is
 * the beginning of the case's name, {@code torch_cpu} or {@code philox}.
 */
final class NoiseGroup implements GoldenGroup {
    private static final Pattern SEQUENCE = Pattern.compile("seq(\\d+)_.*");
    private static final Pattern RANDINT = Pattern.compile("randint_(-?\\d+)_(-?\\d+)_x\\d+");

    @Override
    public String name() {
        return "10_noise";
    }

    @Override
    public void run(GoldenCase golden, Backend backend, Check check) {
        for (String output : golden.outputs()) {
            Matcher randint = RANDINT.matcher(output);
            int[] dims = golden.out(output).shape().dims();
            if (randint.matches()) {
                checkRandint(golden, output, Long.parseLong(randint.group(1)), Long.parseLong(randint.group(2)), check);
            } else if (output.startsWith("randn")) {
                check.close(output, generator(golden).randn(dims));
            } else if (output.startsWith("rand_")) {
                check.close(output, torch(golden).rand(dims));
            } else if (!SEQUENCE.matcher(output).matches()) {
                throw new UnsupportedCaseException("noise drawn as " + output);
            }
        }
        checkSequence(golden, check);
    }

    private static void checkSequence(GoldenCase golden, Check check) {
        List<String> sequence = golden.outputs().stream()
                .filter(output -> SEQUENCE.matcher(output).matches())
                .sorted(Comparator.comparing(NoiseGroup::position))
                .toList();
        Generator generator = generator(golden);
        for (String output : sequence) {
            check.close(output, generator.randn(golden.out(output).shape().dims()));
        }
    }

    private static void checkRandint(GoldenCase golden, String output, long low, long high, Check check) {
        Tensor expected = golden.out(output);
        long[] actual = torch(golden).randint(low, high, (int) expected.shape().size());
        for (int i = 0; i < actual.length; i++) {
            check.equal(output + "[" + i + "]", actual[i], expected.dtype().readLong(expected.data(), i));
        }
        check.compared(output);
    }

    private static BigInteger position(String output) {
        Matcher matcher = SEQUENCE.matcher(output);
        return matcher.matches() ? new BigInteger(matcher.group(1)) : BigInteger.ZERO;
    }

    private static Generator generator(GoldenCase golden) {
        return caseName(golden).startsWith("philox") ? new PhiloxGenerator(seed(golden)) : torch(golden);
    }

    private static TorchCpuGenerator torch(GoldenCase golden) {
        if (!caseName(golden).startsWith("torch_cpu")) {
            throw new UnsupportedCaseException("the generator of " + golden.name());
        }
        return new TorchCpuGenerator(seed(golden));
    }

    private static String caseName(GoldenCase golden) {
        return golden.name().substring(golden.name().lastIndexOf('/') + 1);
    }

    private static long seed(GoldenCase golden) {
        return golden.params().get("seed").getAsBigInteger().longValue();
    }
}
