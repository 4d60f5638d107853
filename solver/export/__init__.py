"""Out of a campaign or a results file: some of its samples and variables, as netCDF, CSV or Parquet.

from leakflow.solver import export
export("prk", "good.csv", where="status == 0", columns=["mass_lost", "tunnel_volume"])
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .exporting import Exported, export

__all__ = ["Exported", "export"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(".exporting", __name__), name)
