"""Error of Winograd convolutions F(m x m, 3 x 3) in float32 against float64, for several interpolation points (decision 6). Needs numpy."""

import numpy as np


def matrices(points, m, r=3):
    """A^T [m, n], G [n, r] and B^T [n, n] of Cook and Toom for the finite points and infinity, n = m + r - 1."""
    n = m + r - 1
    at, g, bt = np.zeros((m, n)), np.zeros((n, r)), np.zeros((n, n))
    for i, p in enumerate(points):
        others = [q for q in points if q != p]
        at[:, i] = [p**j for j in range(m)]
        g[i] = [p**j / np.prod([p - q for q in others]) for j in range(r)]
        bt[i, : n - 1] = np.poly(others)[::-1]
    at[m - 1, n - 1] = g[n - 1, r - 1] = 1
    bt[n - 1] = np.poly(points)[::-1]
    return at, g, bt


def both(matrix, x):
    """The transform down the columns and along the rows."""
    return np.einsum("ij,...jk,lk->...il", matrix, x, matrix, optimize=True).astype(np.float32)


def error(points, m, channels=320, tiles=60, outputs=32):
    at, g, bt = matrices(points, m)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((tiles, channels, m + 2, m + 2))
    x = (x / (1 + np.exp(-x))).astype(np.float32)  # SiLU
    w = (rng.standard_normal((outputs, channels, 3, 3)) / np.sqrt(9 * channels)).astype(np.float32)
    u, v = both(g, w.astype(np.float64)), both(bt.astype(np.float32), x)
    y = both(at.astype(np.float32), np.einsum("tcij,ocij->toij", v, u, dtype=np.float32))
    exact = sum(
        np.einsum("tcxy,oc->toxy", x[:, :, i : i + m, j : j + m].astype(np.float64), w[:, :, i, j].astype(np.float64), optimize=True)
        for i in range(3)
        for j in range(3)
    )
    e = np.abs(y - exact)
    return e.max() / np.abs(exact).max(), np.sqrt((e**2).mean() / (exact**2).mean())


if __name__ == "__main__":
    root = 2**0.5
    for m, points in [
        (2, [0, 1, -1]),
        (4, [0, 1, -1, 2, -2]),
        (4, [0, 1, -1, 0.5, -0.5]),
        (4, [0, 0.625, -0.625, 1.5, -1.5]),
        (4, [0, 1 / root, -1 / root, root, -root]),
    ]:
        largest, rms = error(points, m)
        at, g, bt = matrices(points, m)
        # of one dimension the variance, of both the standard deviation, at the pixel where it is largest
        growth = ((at**2) @ ((g**2).sum(1) * (bt**2).sum(1)) / 3).max()
        print(f"F({m}x{m}) {points}: largest {largest:.1e}, rms {rms:.1e}, terms grow {growth:.1f} times")
