"""One peer in a process of its own: loads a part of the model, warms up and runs it `calls` times for the record.

Prints one line of JSON: seconds until the first call began, of that call and of each that counts, the peak of resident memory in bytes, and
the setting it ran with. Started by peers.py.
"""

import argparse
import json
import os
import time
from pathlib import Path

import export

# name of a peer: engine, type of numbers, settings of which the fastest counts
PEERS = {
    "torch-fp32": ("torch", "float32", ("contiguous", "channels_last")),
    "torch-bf16": ("torch", "bfloat16", ("contiguous", "channels_last")),
    "onnxruntime-fp32": ("onnxruntime", "float32", ("default",)),
    "openvino-fp32": ("openvino", "f32", ("default",)),
    "openvino-bf16": ("openvino", "bf16", ("default",)),
}


def torch_runner(model: Path, part: str, dtype: str, threads: int):
    """A function of a setting that gives a function of a call's inputs."""
    import torch

    torch.set_num_threads(threads)
    module = export.load(model, part, getattr(torch, dtype))

    def prepared(setting: str):
        layout = torch.channels_last if setting == "channels_last" else torch.contiguous_format
        module.to(memory_format=layout)

        def run(arrays):
            with torch.inference_mode():
                tensors = [torch.from_numpy(array) for array in arrays.values()]
                given = [t.to(getattr(torch, dtype)) if t.is_floating_point() else t for t in tensors]
                return module(*(t.contiguous(memory_format=layout) if t.dim() == 4 else t for t in given)).float().numpy()

        return run

    return prepared


def onnxruntime_runner(model: Path, part: str, latents: int, cache: Path, threads: int):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    for dimension in ("height", "width"):
        options.add_free_dimension_override_by_name(dimension, latents)
    session = onnxruntime.InferenceSession(export.onnx_file(model, part, cache), options, providers=["CPUExecutionProvider"])
    return lambda _: lambda arrays: session.run(None, arrays)[0]


def openvino_runner(model: Path, part: str, dtype: str, shapes: dict, cache: Path, threads: int):
    import openvino

    core = openvino.Core()
    network = core.read_model(export.openvino_file(model, part, cache))
    network.reshape(shapes)
    compiled = core.compile_model(
        network,
        "CPU",
        {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": dtype,
        },
    )
    request = compiled.create_infer_request()
    return lambda _: lambda arrays: request.infer(arrays)[0]


def peak_bytes() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError("no VmHWM in /proc/self/status")


def timed(run, arrays: dict):
    """Seconds of a call and what it gave."""
    begin = time.perf_counter()
    result = run(arrays)
    return time.perf_counter() - begin, result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("model", type=Path)
    parser.add_argument("part", choices=export.PARTS)
    parser.add_argument("latents", type=int, help="rows and columns of the latents")
    parser.add_argument("calls", type=int)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--warm-up", type=float, default=0, help="seconds of calls that do not count, one call at least")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--started", type=float, required=True, help="when the process was started, in seconds since 1970")
    parser.add_argument("--setting", help="the one to take; without it all are tried and the fastest is taken")
    parser.add_argument("--save", type=Path, help="where to put the result of the first call (.npy)")
    a = parser.parse_args()

    engine, dtype, settings = PEERS[a.peer]
    widths = export.text_widths(a.model)
    first = export.inputs(a.part, a.latents, **widths)
    if engine == "torch":
        prepared = torch_runner(a.model, a.part, dtype, a.threads)
    elif engine == "onnxruntime":
        prepared = onnxruntime_runner(a.model, a.part, a.latents, a.cache, a.threads)
    else:
        shapes = {name: list(array.shape) for name, array in first.items()}
        prepared = openvino_runner(a.model, a.part, dtype, shapes, a.cache, a.threads)

    setting = a.setting or settings[0]
    run = prepared(setting)
    ready = time.time() - a.started
    first_call, result = timed(run, first)
    if a.save:
        import numpy

        numpy.save(a.save, result)
    if not a.setting and len(settings) > 1:
        setting = fastest(prepared, settings, first)
        run = prepared(setting)
    begin = time.perf_counter()
    while time.perf_counter() - begin < a.warm_up - first_call:
        timed(run, first)
    calls = [timed(run, export.inputs(a.part, a.latents, call, **widths))[0] for call in range(1, a.calls + 1)]
    print(
        json.dumps(
            {
                "secondsToFirstCall": ready,
                "first": first_call,
                "calls": calls,
                "peakBytes": peak_bytes(),
                "setting": setting,
                "pid": os.getpid(),
            }
        )
    )


def fastest(prepared, settings, arrays: dict) -> str:
    """The setting whose second call takes the least time."""
    seconds = {}
    for setting in settings:
        run = prepared(setting)
        timed(run, arrays)
        seconds[setting] = timed(run, arrays)[0]
    return min(seconds, key=seconds.get)


if __name__ == "__main__":
    main()
