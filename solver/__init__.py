"""leakflow: gas that leaks through micro-cracks, solved fast and many times.

    from leakflow.solver import sweep
    results = sweep("prk-july-2021", samples=1000)
    results["leak_rate_mean"]

Names are loaded when they are first used: importing this module costs next to nothing.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .campaign import Campaign
    from .case import Case, case_schema, list_cases, load_case
    from .errors import CampaignError, CaseError, LeakflowError, ResultsError
    from .export import Exported, export
    from .failures import Failure, failed_samples
    from .laws import crack_flow, orifice_flow, seal_flow
    from .leak_units import convert_leak
    from .replay import Replay, replay
    from .results import Results, Variable, open_results, write_results
    from .run import Run, run
    from .sizing import LeakSize, size_leak
    from .summary import Summary, summarise
    from .sweep import SweepInterrupted, sweep

_HOMES = {
    "Campaign": "campaign",
    "CampaignError": "errors",
    "Case": "case",
    "CaseError": "errors",
    "Exported": "export",
    "Failure": "failures",
    "LeakSize": "sizing",
    "LeakflowError": "errors",
    "Replay": "replay",
    "Results": "results",
    "ResultsError": "errors",
    "Run": "run",
    "Summary": "summary",
    "SweepInterrupted": "sweep",
    "Variable": "results",
    "case_schema": "case",
    "convert_leak": "leak_units",
    "crack_flow": "laws",
    "export": "export",
    "failed_samples": "failures",
    "list_cases": "case",
    "load_case": "case",
    "open_results": "results",
    "orifice_flow": "laws",
    "replay": "replay",
    "run": "run",
    "seal_flow": "laws",
    "size_leak": "sizing",
    "summarise": "summary",
    "sweep": "sweep",
    "write_results": "results",
}

__all__ = [
    "Campaign", "CampaignError", "Case", "CaseError", "Exported", "Failure", "LeakSize", "LeakflowError",
    "Replay", "Results", "ResultsError", "Run", "Summary", "SweepInterrupted", "Variable", "case_schema",
    "convert_leak", "crack_flow", "export", "failed_samples", "list_cases", "load_case", "open_results",
    "orifice_flow", "replay", "run", "seal_flow", "size_leak", "summarise", "sweep", "write_results",
]  # fmt: skip


class _Face(ModuleType):
    """This package: names are loaded at their first use, and ``sweep`` and ``run`` stay the functions.

    Importing the submodule ``sweep`` would set it as the attribute of that name.
    """

    def __getattr__(self, name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
        setattr(self, name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted(__all__)


sys.modules[__name__].__class__ = _Face
