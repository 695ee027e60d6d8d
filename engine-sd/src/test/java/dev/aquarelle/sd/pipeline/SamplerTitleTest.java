package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.sd.schedulers.SchedulerConfig;
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

    @ParameterizedTest(name = "{0} with {1} is {2}")
    @CsvSource(
            delimiter = '|',
            value = {
                "DDIM                | \"clip_sample\": false                                            | DDIM",
                "PNDM                | \"skip_prk_steps\": true                                          | PLMS",
                "PNDM                | \"skip_prk_steps\": false                                         |"
                        + " PNDMScheduler",
                "DPMSolverMultistep  | \"solver_order\": 2                                               | DPM++ 2M",
                "DPMSolverMultistep  | \"use_karras_sigmas\": true                                       | DPM++ 2M"
                        + " Karras",
                "DPMSolverMultistep  | \"algorithm_type\": \"sde-dpmsolver++\"                           | DPM++ 2M"
                        + " SDE",
                "DPMSolverMultistep  | \"algorithm_type\": \"sde-dpmsolver++\", \"use_karras_sigmas\": true | DPM++ 2M"
                        + " SDE Karras",
                "DPMSolverMultistep  | \"algorithm_type\": \"sde-dpmsolver++\", \"solver_order\": 3        | DPM++ 3M"
                        + " SDE",
                "DPMSolverMultistep  | \"euler_at_final\": true                                          |"
                        + " DPMSolverMultistepScheduler",
                "EulerDiscrete       | \"use_karras_sigmas\": true, \"beta_end\": 0.012                   | Euler"
                        + " Karras",
                "EulerDiscrete       | \"timestep_spacing\": \"trailing\", \"prediction_type\": \"v_prediction\" |"
                        + " Euler",
            })
    void aModelsOwnSchedulerIsCalledByWhatItsOptionsMakeIt(String kind, String options, String title) {
        SchedulerConfig config =
                SchedulerConfig.parse("scheduler", "{\"_class_name\": \"%sScheduler\", %s}".formatted(kind, options));

        assertThat(SamplerTitle.of(config.forStableDiffusion())).isEqualTo(title);
    }
}
