"""How a results file came to be: enough to make it again, and to tell whether two may be compared."""

from __future__ import annotations

import datetime
import hashlib
import json
import platform
from functools import cache
from importlib import metadata
from typing import Any

from llvmlite import binding
from numba.core import config

from ..kernels.jit import source_stamp
from ._case_resolved import resolved_text
from .case import Case

__all__ = ["canonical", "describe", "identity", "identity_hash", "numerics", "timestamp", "version"]

_PACKAGES = ("numba", "llvmlite", "numpy", "h5py")


def version() -> str:
    """Return the version of leakflow that is installed."""
    return _version("leakflow")


@cache
def _version(package: str) -> str:
    return metadata.version(package)


@cache
def numerics() -> dict[str, Any]:
    """Return what, beside the case, fixes the bits of a sample on this machine.

    Returns
    -------
    dict
        The kernels (a sha256 of their source), the integrator, versions of packages, system and C library,
        and the class of processor that machine code is made for: its name to LLVM, and what it can do.
    """
    features = config.CPU_FEATURES  # type: ignore[attr-defined]
    if features is None:  # not if it is empty: then code is made for what the class of processor has
        features = binding.get_host_cpu_features().flatten()
    return {
        "kernels": source_stamp(),
        "integrator": "DOP853, RODAS4",
        "leakflow": version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "system": platform.system(),
        "machine": platform.machine(),
        "c_library": " ".join(platform.libc_ver()).strip(),
        "cpu": config.CPU_NAME or binding.get_host_cpu_name(),  # type: ignore[attr-defined]
        "cpu_features": " ".join(sorted(word[1:] for word in features.split(",") if word.startswith("+"))),
    }


def identity(case: Case, *, extendable: bool = True) -> dict[str, Any]:
    """Return everything that fixes the numbers of a sweep, and nothing else.

    The number of samples is not in it where further samples leave the first ones as they are. The order
    of volumes and paths is: sums run over them in that order.

    Parameters
    ----------
    case : Case
        As it is run.
    extendable : bool
        Whether sample ``i`` is the same however many samples there are.
    """
    resolved = case.to_dict()
    if extendable:
        resolved["sweep"] = _without_counts(resolved["sweep"])
    return {"case": resolved, "numerics": numerics()}


def _without_counts(sweep: dict[str, Any]) -> dict[str, Any]:
    """Return the section without the number of samples, by whatever name a design has it."""
    kept = {key: value for key, value in sweep.items() if key != "samples"}
    if isinstance(kept.get("design"), dict):
        counts = ("base_samples", "trajectories")
        kept["design"] = {key: value for key, value in kept["design"].items() if key not in counts}
    return kept


def identity_hash(identity: dict[str, Any]) -> str:
    """Return the sha256 of an identity: the ``campaign_id`` of files."""
    return hashlib.sha256(canonical(identity).encode()).hexdigest()


def canonical(value: Any) -> str:
    """Write plain values as JSON in one way: no spaces, shortest floats, ASCII, keys in the order they have.

    Keys are not sorted: the order of volumes and paths is part of what a case says.
    """
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def timestamp() -> str:
    """Return the time now, in UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def describe(
    case: Case, what: str | None = None, *, extendable: bool = True, now: str | None = None
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the attributes and the provenance of a results file.

    Parameters
    ----------
    case : Case
        As it was run, with everything that was set otherwise.
    what : str, optional
        What was done, for the history; by default the sweep of the case.
    extendable : bool
        As for `identity`.
    now : str, optional
        The time in the history, by default now; given, the same case has the same attributes.

    Returns
    -------
    tuple of dict of str to str
        Attributes of the file, among them ``campaign_id``, the sha256 of `identity`; and texts in JSON: the
        resolved case (volumes and paths in their order), the environment, the numerics.
    """
    done = what or f"sweep of {case.source}, {case.sweep.samples} samples, seed {case.sweep.seed}"
    now = now or timestamp()
    attributes = {
        "title": case.title,
        "source": f"leakflow {version()}",
        "history": f"{now} leakflow {version()}: {done}",
        "campaign_id": identity_hash(identity(case, extendable=extendable)),
    }
    environment = {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }
    return attributes, {
        "case": resolved_text(case),
        "environment": json.dumps(environment, sort_keys=True),
        "numerics": json.dumps(numerics(), sort_keys=True),
    }
