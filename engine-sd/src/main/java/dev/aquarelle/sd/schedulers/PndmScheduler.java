package dev.aquarelle.sd.schedulers;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Pseudo numerical methods (Liu et al. 2022, arXiv:2202.09778): linear multistep of fourth order, begun either with Runge-Kutta steps
 * of four calls each or, as Stable Diffusion has it ("PLMS"), with one repeated timestep.
 *
 * @param finalAlphaCumprod what is left of the sample behind the last step: 1, or that of the first training timestep
 */
record PndmScheduler(
        NoiseSchedule schedule,
        PredictionType predictionType,
        TimestepSpacing timestepSpacing,
        int stepsOffset,
        boolean skipPrkSteps,
        double finalAlphaCumprod)
        implements Scheduler {

    private static final int PRK_STEPS = 4; // the fourth one's calls are the multistep's already

    static PndmScheduler of(ConfigReader config) {
        NoiseSchedule schedule = config.schedule(false);
        return new PndmScheduler(
                schedule,
                config.predictionType(PredictionType.EPSILON, PredictionType.V_PREDICTION),
                config.timestepSpacing(TimestepSpacing.LEADING),
                config.stepsOffset(),
                config.bool("skip_prk_steps", false),
                config.bool("set_alpha_to_one", false) ? 1 : schedule.alphaCumprod(0));
    }

    @Override
    public String name() {
        return SchedulerKind.PNDM.className();
    }

    @Override
    public Set<RunOption> options() {
        return Set.of();
    }

    @Override
    public SchedulerRun start(RunOptions options) {
        options.check(this);
        int steps = options.steps();
        if (!skipPrkSteps && steps < PRK_STEPS) {
            throw new SchedulerException("%s: without skip_prk_steps expected at least %d steps, found %d"
                    .formatted(name(), PRK_STEPS, steps));
        }
        int distance = schedule.trainTimesteps() / steps;
        int[] visited = Timesteps.whole(timestepSpacing.timesteps(steps, schedule.trainTimesteps(), stepsOffset));
        int[] prk = skipPrkSteps ? new int[0] : prkTimesteps(visited, distance / 2);
        int[] plms = skipPrkSteps
                ? repeatSecond(visited)
                : IntStream.of(visited).skip(PRK_STEPS - 1).toArray();
        int[] timesteps =
                IntStream.concat(IntStream.of(prk), IntStream.of(plms)).toArray();
        return new PlannedRun(
                this,
                Plan.ofTimesteps(this, timesteps, options.firstStep()),
                new Steps(this, timesteps, prk, distance));
    }

    /** For each of three steps: its begin, twice its middle, its end. */
    private static int[] prkTimesteps(int[] visited, int half) {
        int[] timesteps = new int[4 * (PRK_STEPS - 1)];
        for (int step = 0; step < PRK_STEPS - 1; step++) {
            int next = visited[step + 1];
            timesteps[4 * step] = visited[step];
            timesteps[4 * step + 1] = next + half;
            timesteps[4 * step + 2] = next + half;
            timesteps[4 * step + 3] = next;
        }
        return timesteps;
    }

    private static int[] repeatSecond(int[] visited) {
        return IntStream.range(0, visited.length)
                .flatMap(i -> i == 1 ? IntStream.of(visited[i], visited[i]) : IntStream.of(visited[i]))
                .toArray();
    }

    /** The transfer of equation 11 with the model's output, or a combination of several, in place of epsilon. */
    private float[] transfer(float[] sample, int t, int next, float[] modelOutput) {
        double left = schedule.alphaCumprod(t);
        double leftAfter = next >= 0 ? schedule.alphaCumprod(next) : finalAlphaCumprod;
        float[] epsilon = NoiseLevel.ofAlphaCumprod(left).epsilon(predictionType, modelOutput, sample);
        double denominator = left * Math.sqrt(1 - leftAfter) + Math.sqrt(left * (1 - left) * leftAfter);
        return Terms.of(Math.sqrt(leftAfter / left), sample)
                .plus(-(leftAfter - left) / denominator, epsilon)
                .sum();
    }

    private static final class Steps implements Stepper {
        private final PndmScheduler scheduler;
        private final int[] timesteps;
        private final int[] prk;
        private final int distance;
        private final List<float[]> outputs = new ArrayList<>(); // the latest last
        private int count;
        private float @Nullable [] stepBegin;
        private @Nullable Terms sum;

        Steps(PndmScheduler scheduler, int[] timesteps, int[] prk, int distance) {
            this.scheduler = scheduler;
            this.timesteps = timesteps;
            this.prk = prk;
            this.distance = distance;
        }

        @Override
        public Update step(Call call) {
            float[] prev = count < prk.length ? rungeKutta(call) : multistep(call);
            count++;
            return new Update(prev, null);
        }

        private float[] rungeKutta(Call call) {
            int from = prk[count / 4 * 4];
            int to = timesteps[call.index] - (count % 2 == 0 ? distance / 2 : 0);
            float[] output = call.modelOutput;
            Terms before = sum;
            float[] begin = stepBegin;
            if (count % 4 == 0 || before == null || begin == null) {
                outputs.add(output);
                begin = call.sample;
                sum = Terms.of(1.0 / 6, output);
            } else if (count % 4 == 3) {
                output = before.plus(1.0 / 6, output).sum();
                sum = null;
            } else {
                before.plus(1.0 / 3, output);
            }
            stepBegin = begin;
            return scheduler.transfer(begin, from, to, output);
        }

        private float[] multistep(Call call) {
            int from = timesteps[call.index];
            int to = from - distance;
            float[] begin = stepBegin;
            if (count == 1
                    && begin != null) { // the second call of the first step: over again, with the mean of both outputs
                stepBegin = null;
                float[] mean = Terms.of(0.5, call.modelOutput)
                        .plus(0.5, outputs.getLast())
                        .sum();
                return scheduler.transfer(begin, from + distance, from, mean);
            }
            outputs.add(call.modelOutput);
            if (outputs.size() > 4) {
                outputs.removeFirst();
            }
            stepBegin = call.sample;
            return scheduler.transfer(call.sample, from, to, adamsBashforth());
        }

        private float[] adamsBashforth() {
            int last = outputs.size() - 1;
            double[][] weights = {
                {1},
                {3.0 / 2, -1.0 / 2},
                {23.0 / 12, -16.0 / 12, 5.0 / 12},
                {55.0 / 24, -59.0 / 24, 37.0 / 24, -9.0 / 24}
            };
            Terms terms = Terms.of(weights[last][0], outputs.get(last));
            for (int back = 1; back <= last; back++) {
                terms.plus(weights[last][back], outputs.get(last - back));
            }
            return terms.sum();
        }
    }
}
