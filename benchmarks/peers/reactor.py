"""Cantera's reactor network on the tunnel with a hole in place of its cracks, beside the engine.

Cantera has no crack: its valve passes a flow in proportion to the difference of pressure, which is what a choked
hole does into vacuum. What differs: its air has a gas constant of its own, its vacuum is 1 mPa, and it has
the mass of every species in its state; reactions and the energy equation are off. Both are held to
``p0 exp(-t/tau)``, each with its own gas constant.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from leakflow.kernels.gas import as_mole_fractions
from leakflow.kernels.orifice import critical_flow_squared
from leakflow.solver import engine, gas_properties, load_case
from leakflow.solver.plan import compile_case

from ..workloads import SEED
