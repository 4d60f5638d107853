"""What drives the leak: sensitivity of the outcomes of a sweep to its inputs, with failed samples seen.

    from leakflow.solver.sensitivity import analyse
    indices = analyse("sweep.nc")
    indices.of("ST", "leak_rate_mean")

`analyse` reads results and chooses by their design; the others work on arrays. Names are loaded when they
are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .analysis import TooManyFailedError, analyse
    from .chatterjee_xi import chatterjee
    from .delta import delta_indices
    from .indices import Indices
    from .linear import Regression, regression
    from .morris import MorrisEffects, morris_effects
    from .shapley import Shapley, shapley_effects, shapley_linear_gaussian
    from .sobol import SobolIndices, sobol_indices
    from .store import open_indices, write_indices

_HOMES = {
    "Indices": "indices",
    "MorrisEffects": "morris",
    "Regression": "linear",
    "Shapley": "shapley",
    "SobolIndices": "sobol",
    "TooManyFailedError": "analysis",
    "analyse": "analysis",
    "chatterjee": "chatterjee_xi",
    "delta_indices": "delta",
    "morris_effects": "morris",
    "open_indices": "store",
    "regression": "linear",
    "shapley_effects": "shapley",
    "shapley_linear_gaussian": "shapley",
    "sobol_indices": "sobol",
    "write_indices": "store",
}

__all__ = [
    "Indices", "MorrisEffects", "Regression", "Shapley", "SobolIndices", "TooManyFailedError", "analyse",
    "chatterjee", "delta_indices", "morris_effects", "open_indices", "regression", "shapley_effects",
    "shapley_linear_gaussian", "sobol_indices", "write_indices",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
