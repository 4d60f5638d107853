"""Compiling every kernel that commands use ahead of the work."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..kernels import batch, copula, draw, gas, laws, model, outcomes, sizing, throughput
from ._kernel_cache import CacheError, cache_folder, lookups, missing, processor
from .case import load_case
from .engine import drawn_again, warm_up
from .laws import crack_flow, orifice_flow, seal_flow
from .plan import compile_case
from .sizing import size_leak

__all__ = ["KERNELS", "Warmup", "compile_kernels"]

#: What is called from Python, each with all that it calls in turn.
KERNELS: dict[str, Any] = {
    "batch.run_samples": batch._run_samples,
    "batch.run_in_lanes": batch._run_in_lanes,
    "outcomes.n_outcomes": outcomes.n_outcomes,
    "draw.draw_point_inputs": draw.draw_point_inputs,
    "draw.draw_populations": draw.draw_populations,
    "copula.correlate": copula.correlate,
    "copula.chance": copula.chance,
    "gas.mixture_properties": gas.mixture_properties,
    "laws.crack_flows": laws.crack_flows,
    "laws.orifice_flows": laws.orifice_flows,
    "laws.seal_flows": laws.seal_flows,
    "sizing.orifice_size": sizing.orifice_size,
    "sizing.orifice_exponent": sizing.orifice_exponent,
    "sizing.crack_opening": sizing.crack_opening,
    "sizing.crack_exponent": sizing.crack_exponent,
    "sizing.knudsen_number": sizing.knudsen_number,
    "throughput.unit_mass_flow": throughput.unit_mass_flow,
    "throughput.volume_decay": throughput.volume_decay,
}


@dataclass(frozen=True)
class Warmup:
    """What was compiled ahead.

    Attributes
    ----------
    cache : str
        The folder that holds the machine code; empty where the JIT is switched off.
    processor : str
        The class of processor that it is made for, as LLVM names it.
    seconds : float
        That it took.
    compiled, found : tuple of str
        Kernels called from Python: those compiled now, and those that were in the cache.
    """

    cache: str
    processor: str
    seconds: float
    compiled: tuple[str, ...]
    found: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def compile_kernels() -> Warmup:
    """Compile every kernel that commands use into the cache, or load it where it is there.

    Raises
    ------
    CacheError
        No folder can be written that would keep what is compiled.
    """
    cache = cache_folder()
    started = time.perf_counter()
    before = {name: lookups(kernel)[1] for name, kernel in KERNELS.items()}
    for case in ("choked-blowdown", "two-volume-equalisation"):  # one unknown, and several side by side
        warm_up(compile_case(load_case(case)).plan)
    _draw_again()
    _correlate()
    _call_laws()
    size_leak("1 kg/day", "1 bar", length="10 mm", depth="3 mm", volume=["1 m^3"], gas="N2")
    compiled: list[str] = []
    found: list[str] = []
    for name, kernel in KERNELS.items():
        (compiled if lookups(kernel)[1] > before[name] else found).append(name)
    if missing() > 0:
        raise CacheError(
            f"{cache}: compiled kernels were not kept there; NUMBA_CACHE_DIR names another folder"
        )
    seconds = time.perf_counter() - started
    return Warmup(cache, processor() if cache else "", seconds, tuple(compiled), tuple(found))


def _draw_again() -> None:
    """Draw inputs and cracks of a sample again, as those who keep crack geometry and replays do."""
    case = load_case("prk-july-2021")
    plan = compile_case(case).plan
    samples = np.array([0, 1])  # two, for a column of one is contiguous
    inputs, noise = drawn_again(plan, case.sweep.seed, samples, None)
    (p,) = np.flatnonzero(plan.paths["kind"] == model.CRACKS)[:1].tolist()
    counts = np.zeros(2, np.int64)
    fields = np.empty((0, model.N_CRACK_FIELDS))
    addresses = noise[:, p].view(np.int64)
    for layout in (addresses, addresses.copy()):
        draw.draw_populations(plan, p, np.uint64(case.sweep.seed), layout, inputs, counts, fields)


def _correlate() -> None:
    """Draw a sample of a design with correlated inputs."""
    pairs = [{"inputs": ["tunnel_volume", "seal_viscous"], "rank": 0.5}]
    case = load_case("prk-july-2021", {"sweep.correlations": pairs})
    points = compile_case(case).points
    if points is not None:
        points(0, 1)


def _call_laws() -> None:
    crack_flow("N2", 293.15, 1e5, 0.0, 1e-5, 1e-2, 3e-3)
    orifice_flow("N2", 293.15, 1e5, 0.0, 1e-6)
    seal_flow(1e5, 0.0, 1e-13, 1e-18)
