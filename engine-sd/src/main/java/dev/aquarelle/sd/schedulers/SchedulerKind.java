package dev.aquarelle.sd.schedulers;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Every scheduler the engine has: its class name in configuration files, the betas that class assumes, and what builds it. */
enum SchedulerKind {
    DDPM("DDPMScheduler", 1e-4, 0.02, BetaSchedule.LINEAR),
    DDIM("DDIMScheduler", 1e-4, 0.02, BetaSchedule.LINEAR),
    PNDM("PNDMScheduler", 1e-4, 0.02, BetaSchedule.LINEAR),
    EULER("EulerDiscreteScheduler", 1e-4, 0.02, BetaSchedule.LINEAR),
    EULER_ANCESTRAL("EulerAncestralDiscreteScheduler", 1e-4, 0.02, BetaSchedule.LINEAR),
    HEUN("HeunDiscreteScheduler", 0.00085, 0.012, BetaSchedule.LINEAR),
    DPM2("KDPM2DiscreteScheduler", 0.00085, 0.012, BetaSchedule.LINEAR),
    DPM2_ANCESTRAL("KDPM2AncestralDiscreteScheduler", 0.00085, 0.012, BetaSchedule.LINEAR),
    LMS("LMSDiscreteScheduler", 1e-4, 0.02, BetaSchedule.LINEAR),
    DPM_SOLVER_MULTISTEP("DPMSolverMultistepScheduler", 1e-4, 0.02, BetaSchedule.LINEAR),
    DPM_SOLVER_SINGLESTEP("DPMSolverSinglestepScheduler", 1e-4, 0.02, BetaSchedule.LINEAR),
    DPM_SOLVER_SDE("DPMSolverSDEScheduler", 0.00085, 0.012, BetaSchedule.LINEAR),
    DEIS("DEISMultistepScheduler", 1e-4, 0.02, BetaSchedule.LINEAR),
    UNIPC("UniPCMultistepScheduler", 1e-4, 0.02, BetaSchedule.LINEAR),
    LCM("LCMScheduler", 0.00085, 0.012, BetaSchedule.SCALED_LINEAR),
    TCD("TCDScheduler", 0.00085, 0.012, BetaSchedule.SCALED_LINEAR);

    private final String className;
    private final double betaStart;
    private final double betaEnd;
    private final BetaSchedule betaSchedule;

    SchedulerKind(String className, double betaStart, double betaEnd, BetaSchedule betaSchedule) {
        this.className = className;
        this.betaStart = betaStart;
        this.betaEnd = betaEnd;
        this.betaSchedule = betaSchedule;
    }

    String className() {
        return className;
    }

    double betaStart() {
        return betaStart;
    }

    double betaEnd() {
        return betaEnd;
    }

    BetaSchedule betaSchedule() {
        return betaSchedule;
    }

    Scheduler build(ConfigReader config) {
        return switch (this) {
            case DDPM -> DdpmScheduler.of(config);
            case DDIM -> DdimScheduler.of(config);
            case PNDM -> PndmScheduler.of(config);
            case EULER -> EulerScheduler.of(config);
            case EULER_ANCESTRAL -> EulerAncestralScheduler.of(config);
            case HEUN -> HeunScheduler.of(config);
            case DPM2 -> Dpm2Scheduler.of(config);
            case DPM2_ANCESTRAL -> Dpm2AncestralScheduler.of(config);
            case LMS -> LmsScheduler.of(config);
            case DPM_SOLVER_MULTISTEP -> DpmSolverMultistepScheduler.of(config);
            case DPM_SOLVER_SINGLESTEP -> DpmSolverSinglestepScheduler.of(config);
            case DPM_SOLVER_SDE -> DpmSolverSdeScheduler.of(config);
            case DEIS -> DeisScheduler.of(config);
            case UNIPC -> UniPcScheduler.of(config);
            case LCM -> LcmScheduler.of(config);
            case TCD -> TcdScheduler.of(config);
        };
    }

    static SchedulerKind of(SchedulerConfig config) {
        String name = config.className();
        return Arrays.stream(values())
                .filter(kind -> kind.className.equals(name))
                .findFirst()
                .orElseThrow(() -> new SchedulerException("%s: _class_name: unknown scheduler %s; known are %s"
                        .formatted(
                                config.where(),
                                name,
                                Arrays.stream(values())
                                        .map(SchedulerKind::className)
                                        .collect(Collectors.joining(", ")))));
    }
}
