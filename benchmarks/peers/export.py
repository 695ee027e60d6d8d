"""Writes the parts of a model as ONNX and OpenVINO files, once, into a cache folder.

The weights are those of the model's folder, widened to float32, as diffusers' and transformers' own classes read them. Height and
width of the U-Net are open in the file; whoever runs it fixes them. A part takes up to 3.5 GB of disk and some 8 GB of memory.
"""

import argparse
from pathlib import Path

# what `part` is called in a model's folder, its class, and the names of its inputs
PARTS = ("unet", "vae", "text")
BATCH = 2  # of the U-Net: with and without the prompt, as guidance does
TOKENS = 77


def load(model: Path, part: str, dtype):
    """A part as a torch module in evaluation mode that takes the inputs of `inputs`."""
    import torch

    if part == "unet":
        from diffusers import UNet2DConditionModel

        unet = UNet2DConditionModel.from_pretrained(model / "unet", torch_dtype=dtype).eval()
        return Call(unet, predict)
    if part == "vae":
        from diffusers import AutoencoderKL

        vae = AutoencoderKL.from_pretrained(model / "vae", torch_dtype=dtype).eval()
        del vae.encoder
        return Call(vae, lambda net, latents: net.decode(latents, return_dict=False)[0])
    from transformers import CLIPTextModel

    text = CLIPTextModel.from_pretrained(model / "text_encoder", dtype=dtype, attn_implementation="sdpa").eval()
    return Call(text, lambda net, ids: net(input_ids=ids, return_dict=False)[0])


def predict(net, sample, timestep, text, *added):
    """One call of a U-Net; SDXL's is told the pooled text and the picture's sizes too."""
    condition = dict(zip(("text_embeds", "time_ids"), added)) or None
    return net(sample, timestep, text, added_cond_kwargs=condition, return_dict=False)[0]


def Call(net, forward):
    """A module of tensors only, which is what exporters take."""
    import torch

    class Wrapped(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, *inputs):
            return forward(self.net, *inputs)

    return Wrapped().eval()


def inputs(part: str, latents: int, call: int = 0, width: int = 768, pooled: int = 0) -> dict:
    """Random inputs of a part by name, as numpy arrays, the same for every peer; the timestep changes with every call."""
    import numpy as np

    random = np.random.default_rng(7)
    if part == "unet":
        given = {
            "sample": random.standard_normal((BATCH, 4, latents, latents), dtype=np.float32),
            "timestep": np.full(BATCH, 981 - 20 * call, dtype=np.float32),
            "text": random.standard_normal((BATCH, TOKENS, width), dtype=np.float32),
        }
        if pooled:
            side = 8.0 * latents
            given["text_embeds"] = random.standard_normal((BATCH, pooled), dtype=np.float32)
            given["time_ids"] = np.array([[side, side, 0, 0, side, side]] * BATCH, dtype=np.float32)
        return given
    if part == "vae":
        return {"latents": random.standard_normal((1, 4, latents, latents), dtype=np.float32)}
    return {"ids": random.integers(0, 49405, (1, TOKENS), dtype=np.int64)}


def onnx_file(model: Path, part: str, cache: Path) -> Path:
    """The part as ONNX; made if it is not there."""
    file = cache / part / "model.onnx"
    if not file.exists():
        import torch

        module = load(model, part, torch.float32)
        example = {name: torch.from_numpy(array) for name, array in inputs(part, 32, **text_widths(model)).items()}
        unfinished = cache / f"{part}.unfinished"
        unfinished.mkdir(parents=True, exist_ok=True)
        dynamic = {"sample": {2: "height", 3: "width"}, "latents": {2: "height", 3: "width"}}
        with torch.no_grad():
            torch.onnx.export(
                module,
                tuple(example.values()),
                str(unfinished / "model.onnx"),  # a path object would not get its weights beside it
                input_names=list(example),
                output_names=["out"],
                dynamic_axes={name: axes for name, axes in dynamic.items() if name in example},
                opset_version=18,
                external_data=True,
                dynamo=False,
            )
        unfinished.rename(file.parent)
    return file


def openvino_file(model: Path, part: str, cache: Path) -> Path:
    """The part in OpenVINO's format, with weights of 16 bits as in the model's folder; made of the ONNX file if it is not there."""
    file = cache / part / "openvino" / "model.xml"
    if not file.exists():
        import openvino

        converted = openvino.convert_model(onnx_file(model, part, cache))
        unfinished = file.parent.with_suffix(".unfinished")
        openvino.save_model(converted, unfinished / file.name, compress_to_fp16=True)
        unfinished.rename(file.parent)
    return file


def text_widths(model: Path) -> dict:
    """Of the hidden states that a U-Net takes, and of SDXL's pooled text."""
    import json

    unet = json.loads((model / "unet" / "config.json").read_text())
    whole = unet.get("projection_class_embeddings_input_dim")
    return {"width": unet["cross_attention_dim"], "pooled": whole - 6 * unet["addition_time_embed_dim"] if whole else 0}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("format", choices=("onnx", "openvino"))
    parser.add_argument("cache", type=Path)
    arguments = parser.parse_args()
    write = onnx_file if arguments.format == "onnx" else openvino_file
    print(write(arguments.model, arguments.part, arguments.cache))


if __name__ == "__main__":
    main()
