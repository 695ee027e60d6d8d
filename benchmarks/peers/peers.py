"""Aquarelle beside PyTorch, ONNX Runtime and OpenVINO, on the same machine, in one run.

Every measurement is a process of its own, so that memory is freed and a peak belongs to one engine and one part. The engines take turns:
in each round each of them loads, warms up and makes its calls. Prints a table in Markdown; --json writes every figure.

    python peers.py MODEL                                   # all of it
    python peers.py MODEL --only aquarelle,torch-fp32       # some engines
    python peers.py MODEL --what text,vae --rounds 5        # some parts
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

import export
import table
from worker import PEERS

HERE = Path(__file__).resolve().parent
AQUARELLE = "aquarelle"

# name of a measurement: part, pixels of a side
WHAT = {
    "unet1024": ("unet", 1024),  # SDXL's size
    "unet512": ("unet", 512),
    "unet256": ("unet", 256),
    "vae": ("vae", 512),
    "text": ("text", 512),
}
PIXELS = 8  # for each latent, along a side
TEXT_CALLS = 10  # for each call of the others, which take a hundred times longer


def calls(a, what: str) -> int:
    return a.calls * TEXT_CALLS if what == "text" else a.calls


def aquarelle(a, what: str) -> list:
    part, pixels = WHAT[what]
    command = [a.launcher, "bench", "--json", "--model", a.model, "--what", part, "--size", f"{pixels}x{pixels}"]
    return [*command, "--threads", a.threads, "--rounds", calls(a, what), "--warm-up", a.warm_up]


def peer(a, name: str, what: str, setting: str | None) -> list:
    part, pixels = WHAT[what]
    command = [sys.executable, "-W", "ignore", HERE / "worker.py", name, a.model, part, pixels // PIXELS, calls(a, what)]
    command += ["--threads", a.threads, "--warm-up", a.warm_up, "--cache", a.cache, "--started", time.time()]
    return command + (["--setting", setting] if setting else [])


def measure(command: list, limit: float, threads: int) -> dict:
    """The process's last line of JSON, or {"failed": why}."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    try:
        done = subprocess.run([str(c) for c in command], env=environment, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return {"failed": "over limit"}
    if done.returncode != 0:
        sys.stderr.write(done.stderr[-4000:])
        return {"failed": f"exit status {done.returncode}"}
    return json.loads(done.stdout[done.stdout.index("{") :])


def of_aquarelle(found: dict) -> dict:
    """What `aquarelle bench --json` says, in the words of worker.py."""
    if "failed" in found:
        return found
    part = found["parts"][0]
    return {
        "secondsToFirstCall": part["secondsToFirstCall"],
        "first": part["first"]["seconds"],
        "calls": [call["seconds"] for call in part["calls"]],
        "peakBytes": part["peakBytes"],
        "setting": found["backend"],
    }


def summary(rounds: list) -> dict:
    """Of all calls of all rounds; where one was too slow or failed, only that."""
    failed = next((r["failed"] for r in rounds if "failed" in r), None)
    if failed:
        return {"failed": failed}
    times = [seconds for r in rounds for seconds in r["calls"]]
    return {
        "median": median(times),
        "min": min(times),
        "max": max(times),
        "count": len(times),
        "first": median(r["first"] for r in rounds),
        "secondsToFirstCall": median(r["secondsToFirstCall"] for r in rounds),
        # the first round tries settings; the others show what the chosen one takes
        "peakBytes": min(r["peakBytes"] for r in rounds),
        "setting": rounds[-1]["setting"],
    }


def run(a) -> dict:
    found = {what: {name: [] for name in a.only} for what in a.what}
    for turn in range(a.rounds):
        for what in a.what:
            for name in a.only:
                before = found[what][name]
                if any("failed" in r for r in before):
                    continue  # too slow once is too slow
                if name == AQUARELLE:
                    result = of_aquarelle(measure(aquarelle(a, what), a.limit, a.threads))
                else:
                    setting = before[0]["setting"] if before else None
                    result = measure(peer(a, name, what, setting), a.limit, a.threads)
                before.append(result)
                line = result.get("failed") or f"{median(result['calls']):.3f} s, {result['setting']}"
                print(f"round {turn + 1}, {what}, {name}: {line}", file=sys.stderr, flush=True)
    return {what: {name: summary(rounds) for name, rounds in of.items()} for what, of in found.items()}


def prepare(a):
    """Makes the files that the engines need, each in a process of its own, before anything is timed."""
    formats = {PEERS[name][0] for name in a.only if name != AQUARELLE} & {"onnxruntime", "openvino"}
    for part in sorted({WHAT[what][0] for what in a.what}):
        for engine in sorted(formats):
            form = engine.removesuffix("runtime")
            command = [sys.executable, "-W", "ignore", HERE / "export.py", a.model, part, form, a.cache]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    if AQUARELLE in a.only:  # builds itself if need be, and makes its AOT cache
        subprocess.run([a.launcher, "backends"], check=True, stdout=subprocess.DEVNULL)


def machine(a) -> dict:
    cpu = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if ":" in line]
        keys = [line.split(":", 1)[0].strip() for line in cpuinfo.read_text().splitlines() if ":" in line]
        found = dict(zip(reversed(keys), reversed(lines)))
        flags = [f for f in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f in found.get("flags", "").split()]
        cpu = f"{found.get('model name', cpu)} ({', '.join(flags) or 'no AVX2'})"
    packages = ("torch", "diffusers", "onnxruntime", "openvino")
    return {
        "cpu": cpu,
        "processors": os.cpu_count(),
        "threads": a.threads,
        "date": time.strftime("%Y-%m-%d"),
        "loadAverage": os.getloadavg()[0],
        "versions": {p: version(p) for p in packages if any(PEERS[n][0] in (p, "torch") for n in a.only if n in PEERS)},
    }


def some_of(known):
    def parse(text: str) -> list:
        names = [name.strip() for name in text.split(",")]
        unknown = [name for name in names if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"expected some of {', '.join(known)}, found {', '.join(unknown)}")
        return names

    return parse


def arguments():
    engines = [AQUARELLE, *PEERS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="a Stable Diffusion model in the layout of diffusers")
    parser.add_argument("--only", type=some_of(engines), default=engines, help=f"of {', '.join(engines)}")
    parser.add_argument("--what", type=some_of(WHAT), default=list(WHAT)[1:], help=f"of {', '.join(WHAT)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calls", type=int, default=1, help="that count in each round; ten times as many of the text encoder")
    parser.add_argument("--warm-up", type=float, default=10, help="seconds of calls that do not count, one call at least")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--limit", type=float, default=300, help="seconds that one process may take")
    parser.add_argument("--cache", type=Path, help="where exported models are kept: up to 8 GB")
    parser.add_argument("--launcher", type=Path, default=HERE.parents[1] / "aquarelle", help="the aquarelle command")
    parser.add_argument("--json", type=Path, help="a file for all figures")
    a = parser.parse_args()
    a.model = a.model.resolve()
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    a.cache = (a.cache or home / "aquarelle-peers" / a.model.name).resolve()
    return a


def main():
    a = arguments()
    prepare(a)
    results = {"machine": machine(a), "what": run(a)}
    if a.json:
        a.json.write_text(json.dumps(results, indent=2) + "\n")
    print(table.markdown(results))


if __name__ == "__main__":
    main()
