"""Numerical derivatives, and a search for jumps, that judge the slopes the kernels return."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def derivative(function: Callable[[float], float], x: float, step: float) -> float:
    """Central difference of fourth order."""
    near = function(x + step) - function(x - step)
    far = function(x + 2.0 * step) - function(x - 2.0 * step)
    return (8.0 * near - far) / (12.0 * step)


def largest_jump(function: Callable[[float], float], low: float, high: float, rounds: int = 7) -> float:
    """What is left of the steepest change after zooming in on it, over the largest value met.

    Every round keeps the one of 60 intervals over which the function changes most, so that a continuous
    function leaves next to nothing, and a step all of its height.
    """
    largest = 0.0
    change = 0.0
    for _ in range(rounds):
        grid = np.linspace(low, high, 61)
        values = np.array([function(x) for x in grid])
        assert np.all(np.isfinite(values))
        largest = max(largest, float(np.max(np.abs(values))))
        changes = np.abs(np.diff(values))
        steepest = int(np.argmax(changes))
        change = float(changes[steepest])
        low, high = float(grid[steepest]), float(grid[steepest + 1])
    return change / largest if largest > 0.0 else 0.0
