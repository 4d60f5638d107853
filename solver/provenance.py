"""How a results file came to be: enough to make it again, and to tell whether two may be compared."""

from __future__ import annotations

import datetime
import hashlib
import json
import platform
from importlib import metadata

from ..kernels.jit import source_stamp
from ._case_resolved import resolved_text
from .case import Case

__all__ = ["describe", "version"]

_PACKAGES = ("numba", "llvmlite", "numpy", "h5py")


def version() -> str:
    """Return the version of leakflow that is installed."""
    return metadata.version("leakflow")


def describe(case: Case, what: str | None = None) -> tuple[dict[str, str], dict[str, str]]:
    """Return the attributes and the provenance of a results file.

    Parameters
    ----------
    case : Case
        As it was run, with everything that was set otherwise.
    what : str, optional
        What was done, for the history; by default the sweep of the case.

    Returns
    -------
    tuple of dict of str to str
        Attributes of the file, among them ``campaign_id``, the sha256 of case and physics; and texts in
        JSON: the resolved case, the environment, the numerics.
    """
    resolved = resolved_text(case)
    numerics = json.dumps({"kernels": source_stamp(), "integrator": "Rodas5P"}, sort_keys=True)
    identity = hashlib.sha256(f"{resolved}\n{numerics}".encode()).hexdigest()
    done = what or f"sweep of {case.source}, {case.sweep.samples} samples, seed {case.sweep.seed}"
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    attributes = {
        "title": case.title,
        "source": f"leakflow {version()}",
        "history": f"{now} leakflow {version()}: {done}",
        "campaign_id": identity,
    }
    environment = {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "packages": {name: metadata.version(name) for name in _PACKAGES},
    }
    return attributes, {
        "case": resolved,
        "environment": json.dumps(environment, sort_keys=True),
        "numerics": numerics,
    }
