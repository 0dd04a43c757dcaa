"""Figures: medians and percentiles of samples, printed beside the baseline they are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median


def percentile(samples: Sequence[float], share: float) -> float:
    """The value below which `share` of the samples lie."""
    ordered = sorted(samples)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def milliseconds(samples: Sequence[float]) -> str:
    """Median and 90th percentile of samples in seconds, as milliseconds."""
    return f"p50 {median(samples) * 1e3:6.1f} ms   p90 {percentile(samples, 0.9) * 1e3:6.1f} ms"


def line(name: str, figure: str, comparison: str = "") -> None:
    """Prints one figure."""
    print(f"  {name:<44} {figure:<34} {comparison}", flush=True)
