"""The figures of peers.py as one table in Markdown."""

TITLES = {
    "unet1024": "U-Net step 1024x1024, batch 2",
    "unet512": "U-Net step 512x512, batch 2",
    "unet256": "U-Net step 256x256, batch 2",
    "vae": "VAE decode 512x512",
    "text": "text encoder, 77 tokens",
}


def markdown(results: dict) -> str:
    what = results["what"]
    engines = list(next(iter(what.values())))
    largest = next((name for name in TITLES if name in what))
    head = ["engine", *(TITLES[name] for name in what), f"start to first call ({largest})", f"peak resident ({largest})"]
    lines = [row(head), row(["---"] * len(head))]
    for engine in engines:
        cells = [time_cell(what[name][engine]) for name in what]
        found = what[largest][engine]
        if "failed" in found:
            cells += ["n/a", "n/a"]
        else:
            cells += [f"{found['secondsToFirstCall']:.2f} s", f"{found['peakBytes'] / 1e9:.2f} GB"]
        lines.append(row([engine_cell(engine, what), *cells]))
    return "\n".join([*lines, "", footer(results)])


def engine_cell(engine: str, what: dict) -> str:
    settings = sorted({of[engine]["setting"] for of in what.values() if "setting" in of[engine]} - {"default", "cpu"})
    return f"{engine} ({', '.join(settings)})" if settings else engine


def time_cell(found: dict) -> str:
    if "failed" in found:
        return f"n/a ({found['failed']})"
    return f"{seconds(found['median'])} ({seconds(found['min'])} to {seconds(found['max'])})"


def seconds(value: float) -> str:
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def footer(results: dict) -> str:
    machine = results["machine"]
    counts = [of["count"] for engines in results["what"].values() for of in engines.values() if "count" in of]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    calls = f"Median (least to most) of {min(counts)} calls each" if counts else "No call was made"
    return (
        f"{calls}, the engines in turn; {machine['cpu']}, {machine['threads']} threads on {machine['processors']} "
        f"processors, load average {machine['loadAverage']:.1f} at the start, {machine['date']}; {versions or 'no peers'}."
    )


def row(cells: list) -> str:
    return "| " + " | ".join(cells) + " |"
