"""Makes the cases of this folder: the demo model in diffusers' pipeline, with schedulers that the model's own pictures leave out.

    python make.py MODEL_FOLDER [OUTPUT_FOLDER]

Made with diffusers 0.42, transformers 5 and torch 2 on a CPU, in float32. The pictures of the v prediction show nothing, since the model
was not trained for it: the numbers are what counts.
"""

import json
import sys
from pathlib import Path

import torch
from diffusers import DPMSolverMultistepScheduler, EulerDiscreteScheduler, StableDiffusionPipeline
from safetensors.torch import save_file

V_PREDICTION = {"prediction_type": "v_prediction", "timestep_spacing": "trailing"}
CASES = {
    "euler": (EulerDiscreteScheduler, {"timestep_spacing": "linspace"}),
    "dpmpp_2m_karras": (DPMSolverMultistepScheduler, {"use_karras_sigmas": True, "timestep_spacing": "linspace"}),
    "v_prediction": (EulerDiscreteScheduler, V_PREDICTION),
}
SEED, SIDE = 7, 64
CALL = {"prompt": "an owl", "negative_prompt": "blue", "height": SIDE, "width": SIDE, "num_inference_steps": 4, "guidance_scale": 4.0}


def plain(value):
    """JSON has no infinity."""
    return str(value).replace("inf", "Infinity") if isinstance(value, float) and value in (float("inf"), float("-inf")) else value


def limits(tensor):
    """As those of the demo model's own reference pictures: thirty to fifty times what sums in another order change."""
    rms = tensor.pow(2).mean().sqrt().item()
    return {"tol_max_abs": 1e-4 * rms, "tol_rms": 2e-5 * rms}


def make(name, model, out):
    kind, options = CASES[name]
    pipe = StableDiffusionPipeline.from_pretrained(model, torch_dtype=torch.float32, safety_checker=None, requires_safety_checker=False)
    pipe.scheduler = kind.from_config(pipe.scheduler.config, **options)
    pipe.set_progress_bar_config(disable=True)
    latents = torch.randn(1, 4, SIDE // 8, SIDE // 8, generator=torch.manual_seed(SEED))
    steps = []
    keep = lambda pipe, step, timestep, given: steps.append(given["latents"].clone()) or given
    last = pipe(**CALL, latents=latents.clone(), output_type="latent", callback_on_step_end=keep).images
    with torch.no_grad():
        image = pipe.vae.decode(last / pipe.vae.config.scaling_factor).sample
    save_file(
        {"in.latents": latents, "mid.latents_per_step": torch.stack(steps), "out.latents": last.contiguous(), "out.image": image.contiguous()},
        out / f"{name}.safetensors",
    )
    config = {key: plain(value) for key, value in pipe.scheduler.config.items() if not key.startswith("_")}
    case = {
        "what": f"the demo model with {kind.__name__}: in.latents, then the latents after each step, the last ones and the picture, NCHW",
        "params": {"seed": SEED, "call": CALL, "scheduler": {"cls": kind.__name__, **config}},
        "tolerance": {"latents": limits(last), "per_step": limits(torch.stack(steps)), "image": limits(image)},
        "data": f"{name}.safetensors",
    }
    (out / f"{name}.json").write_text(json.dumps(case, indent=1) + "\n")


if __name__ == "__main__":
    for name in CASES:
        make(name, sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else "."))
