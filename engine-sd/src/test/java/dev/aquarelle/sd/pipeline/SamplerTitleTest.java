package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplerTitleTest {
    @ParameterizedTest(name = "{0} is {1}")
    @CsvSource({
        "ddim, DDIM",
        "DDIMScheduler, DDIM",
        "PNDMScheduler, PLMS",
        "euler_a, Euler a",
        "EulerAncestralDiscreteScheduler, Euler a",
        "dpmpp_2m_karras, DPM++ 2M Karras",
        "DPM++ 2M Karras, DPM++ 2M Karras",
        "dpm++ 2m sde, DPM++ 2M SDE",
        "UniPCMultistepScheduler, UniPC",
        "tcd, tcd",
    })
    void samplersAreCalledAsOtherProgramsCallThem(String name, String title) {
        assertThat(SamplerTitle.of(name)).isEqualTo(title);
    }
}
