"""Draws what benchmarks.jar --json wrote: every kernel under the machine's roof, and the time of each on each backend, as SVG.

    python plot.py kernels.json [--out DIR]

Needs nothing but Python: the pictures are plain SVG.
"""

import argparse
import json
import math
from html import escape
from pathlib import Path

COLORS = ["#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#a463f2"]
FONT = 'font-family="sans-serif" font-size="11"'
WIDTH, HEIGHT, MARGIN = 760, 460, 60


class Log:
    """A logarithmic axis from one pixel to another."""

    def __init__(self, low: float, high: float, start: float, end: float):
        self.low, self.high = 10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high))
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        part = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + part * (self.end - self.start)

    def ticks(self) -> list:
        return [10**e for e in range(round(math.log10(self.low)), round(math.log10(self.high)) + 1)]


def text(x, y, content, anchor="start", extra="") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {FONT} {extra}>{escape(str(content))}</text>'


def line(x1, y1, x2, y2, color="#ccc", width=1) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" stroke-width="{width}"/>'


def svg(width: float, height: float, parts: list) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}"><rect width="100%" height="100%" fill="#fff"/>'
    return "\n".join([head, *parts, "</svg>\n"])


def legend(names: list, colors: dict, x: float) -> list:
    return [
        f'<rect x="{x}" y="{12 + 15 * i}" width="10" height="10" fill="{colors[n]}"/>' + text(x + 15, 21 + 15 * i, n)
        for i, n in enumerate(names)
    ]


def roofline(report: dict, colors: dict) -> str:
    rows, peak, memory = report["rows"], report["gigaflopsPeak"], report["gigabytesPeak"]
    intensity = [row["flops"] / row["bytes"] for row in rows]
    x = Log(min(intensity), max(*intensity, 2 * peak / memory), MARGIN, WIDTH - 20)
    y = Log(min(row["gigaflops"] for row in rows), 1.01 * max(peak, *(row["gigaflops"] for row in rows)), HEIGHT - MARGIN, 20)
    parts = []
    for tick in x.ticks():
        parts += [line(x(tick), y.start, x(tick), y.end), text(x(tick), y.start + 15, f"{tick:g}", "middle")]
    for tick in y.ticks():
        parts += [line(x.start, y(tick), x.end, y(tick)), text(x.start - 5, y(tick) + 4, f"{tick:g}", "end")]
    ridge = peak / memory
    left = max(x.low, y.low / memory)
    parts.append(line(x(left), y(memory * left), x(ridge), y(peak), "#000", 2))
    parts.append(line(x(ridge), y(peak), x(x.high), y(peak), "#000", 2))
    for row, at in zip(rows, intensity):
        tip = escape(f"{row['kernel']}, {row['backend']}: {row['gigaflops']:.1f} GFLOP/s, {100 * row['share']:.0f} % of the roof")
        place = f'cx="{x(at):.1f}" cy="{y(row["gigaflops"]):.1f}"'
        parts.append(f'<circle {place} r="4" fill="{colors[row["backend"]]}" fill-opacity="0.7"><title>{tip}</title></circle>')
    parts.append(text((x.start + x.end) / 2, HEIGHT - 20, "floating-point operations for each byte", "middle"))
    parts.append(text(15, HEIGHT / 2, "GFLOP/s", "middle", f'transform="rotate(-90 15 {HEIGHT / 2})"'))
    return svg(WIDTH, HEIGHT, parts + legend(list(colors), colors, MARGIN + 10))


def comparison(report: dict, colors: dict) -> str:
    kernels = {}
    for row in report["rows"]:
        kernels.setdefault(row["kernel"], []).append(row)
    times = [row["milliseconds"] for row in report["rows"]]
    x = Log(min(times) / 1.01, max(times), 380, WIDTH - 20)
    bar, gap, top = 8, 8, 20 + 15 * len(colors)
    parts, at = legend(list(colors), colors, 10), top
    for name, rows in kernels.items():
        parts.append(text(370, at + bar * len(rows) / 2 + 4, name, "end"))
        for row in rows:
            width = max(1, x(row["milliseconds"]) - x.start)
            tip = escape(f"{row['backend']}: {row['milliseconds']:.3f} ms, error {row['error']:.1e}")
            parts.append(
                f'<rect x="{x.start}" y="{at}" width="{width:.1f}" height="{bar - 1}" fill="{colors[row["backend"]]}">'
                f"<title>{tip}</title></rect>"
            )
            at += bar
        at += gap
    grid = []
    for tick in x.ticks():
        grid += [line(x(tick), top, x(tick), at), text(x(tick), at + 15, f"{tick:g}", "middle")]
    return svg(WIDTH, at + 40, grid + parts + [text((x.start + x.end) / 2, at + 32, "milliseconds", "middle")])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=Path)
    parser.add_argument("--out", type=Path, default=Path("."), help="folder for roofline.svg and comparison.svg")
    a = parser.parse_args()
    report = json.loads(a.report.read_text())
    if not report["rows"]:
        parser.error(f"{a.report}: no kernel was measured")
    backends = dict.fromkeys(row["backend"] for row in report["rows"])
    colors = {name: COLORS[i % len(COLORS)] for i, name in enumerate(backends)}
    a.out.mkdir(parents=True, exist_ok=True)
    (a.out / "roofline.svg").write_text(roofline(report, colors))
    (a.out / "comparison.svg").write_text(comparison(report, colors))


if __name__ == "__main__":
    main()
