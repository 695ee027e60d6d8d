package dev.aquarelle.cli.conformance;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The groups that the engine can be asked about. A new group is one more line here. */
final class GoldenGroups {
    private static final Map<String, GoldenGroup> BY_NAME = List.<GoldenGroup>of(
                    new OpsGroup(), //
                    new SafetensorsGroup(), //
                    new TokenizerGroup(), //
                    new PromptGroup(), //
                    new TextEncoderGroup(), //
                    new UNetGroup(), //
                    new VaeGroup(), //
                    new SchedulersGroup(), //
                    new NoiseGroup(), //
                    new PipelineGroup(), //
                    new PngGroup(), //
                    new SingleFileGroup(), //
                    new FullSizeGroup())
            .stream()
            .collect(Collectors.toUnmodifiableMap(GoldenGroup::name, group -> group));

    private GoldenGroups() {}

    /**
     * @throws UnsupportedCaseException if there is none of this name
     */
    static GoldenGroup of(String name) {
        GoldenGroup group = BY_NAME.get(name);
        if (group == null) {
            throw new UnsupportedCaseException("no group " + name + " in this version");
        }
        return group;
    }
}
