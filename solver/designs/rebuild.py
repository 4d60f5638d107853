"""A design made again from what a results file says of it."""

from __future__ import annotations

import json

from ..errors import ResultsError
from .base import UnitDesign

__all__ = ["read_design"]


def read_design(description: str) -> UnitDesign | None:
    """Make the design of a results file again, for an analysis that needs its points.

    Parameters
    ----------
    description : str
        JSON, ``results.provenance["design"]``: ``kind``, the ``names`` of the D inputs, the ``noise`` inputs
        among them (the last), ``seed``, ``samples``, ``groups`` (the group of each input, or null), and by
        kind ``base_samples``, ``second_order``, ``scramble``, ``skip``, ``levels``, ``tail``.

    Returns
    -------
    UnitDesign or None
        Its ``u(first, count)`` are the points before any correlation, a column for each of ``names``; None
        for Monte Carlo, grids and tables.

    Raises
    ------
    ResultsError
        The text describes no design.
    """
    try:
        told = json.loads(description)
        kind, seed, noise, groups = told["kind"], told["seed"], len(told["noise"]), told["groups"]
        inputs = len(told["names"]) - noise
        if kind == "sobol":
            from .sobol import SobolDesign

            return SobolDesign(inputs, noise, seed, scramble=told["scramble"], skip=told["skip"])
        if kind == "saltelli":
            from .saltelli import SaltelliDesign

            return SaltelliDesign(
                inputs, noise, seed, groups=groups, second_order=told["second_order"],
                scramble=told["scramble"], skip=told["skip"],
            )  # fmt: skip
        if kind == "morris":
            from .morris import MorrisDesign

            return MorrisDesign(
                inputs, noise, seed, told["base_samples"], levels=told["levels"], tail=told["tail"],
                groups=groups,
            )  # fmt: skip
        if kind == "latin-hypercube":
            from .latin_hypercube import LatinHypercubeDesign

            return LatinHypercubeDesign(inputs, noise, seed, told["samples"])
    except (KeyError, TypeError, ValueError) as error:
        raise ResultsError(f"provenance/design: describes no design: {error!r}") from None
    return None
