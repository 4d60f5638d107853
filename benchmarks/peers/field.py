"""Who takes part: all whose package is installed."""

from __future__ import annotations

from types import ModuleType

from . import jaxed, lsoda_compiled, serial, taylor
from .contender import Contender

#: Packages whose versions are kept with the numbers.
PACKAGES = (
    "leakflow", "numba", "numpy", "scipy", "numbalsoda", "scikit-sundae", "heyoka", "diffrax", "jax",
    "cantera",
)  # fmt: skip
_MODULES: dict[str, ModuleType] = {
    "SciPy": serial,
    "numbalsoda": lsoda_compiled,
    "heyoka": taylor,
    "diffrax": jaxed,
}


def find() -> tuple[list[Contender], dict[str, str]]:
    """Return the contenders, and why the others are not among them."""
    found: list[Contender] = []
    missing: dict[str, str] = {}
    for name, module in _MODULES.items():
        try:
            found += module.contenders()
        except (ImportError, OSError) as error:
            missing[name] = str(error)
    return found, missing
