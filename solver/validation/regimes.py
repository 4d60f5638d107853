"""The crack law against the reference tables, regime by regime: one computation for tests and for the report.

The dimensionless law is reached through ``crack_flow``: the viscosity sets the rarefaction, the depth the
length over the opening.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from .tables import rows

__all__ = ["REGIMES", "CrackLaw", "Regime", "regime"]

#: ``crack_flow`` of `leakflow.kernels.crack`, or another of the same arguments.
CrackLaw = Callable[..., float]
#: Values of the law and those expected, row by row.
Compared = tuple[list[float], list[float]]

_LONG = 1e8  # length over opening at which the ends no longer count
_CONTINUUM = 1e12  # rarefaction at which friction no longer counts
_EFFUSION = 1e-9  # rarefaction at which collisions no longer count
_GAMMA_OF_ATOMS = 5.0 / 3.0
_TEMPERATURE, _GAS_CONSTANT = 300.0, 300.0
_PRESSURE, _OPENING, _LENGTH = 1e5, 1e-4, 0.01


@dataclass(frozen=True)
class Regime:
    """One row of the table of errors.

    Attributes
    ----------
    name : str
    table : str
        File in ``cases/reference/`` without ``.csv``; empty where the comparison is with a formula.
    rms, largest : str
        Errors allowed, in percent, as printed: a measured one is rounded to the same digits.
    compare : callable
        From the law to its values and those expected.
    """

    name: str
    table: str
    rms: str
    largest: str
    compare: Callable[[CrackLaw], Compared]


def regime(name: str) -> Regime:
    """Give the regime of that name."""
    return next(row for row in REGIMES if row.name == name)


def _reduced(
    law: CrackLaw, delta1: float, r: float, depth_ratio: float, *, gamma: float = 1.4, roughness: float = 0.0,
    taper: float = 1.0, accommodation: float = 1.0, inlet_loss: float = 0.5,
) -> float:  # fmt: skip
    """``g = mdot sqrt(R T)/(p1 w h)`` of a law; roughness over the hydraulic diameter."""
    root = math.sqrt(_GAS_CONSTANT * _TEMPERATURE)
    viscosity = _PRESSURE * _OPENING / (delta1 * math.sqrt(2.0) * root)
    flow = law(
        _PRESSURE, r * _PRESSURE, _TEMPERATURE, _GAS_CONSTANT, viscosity, gamma,
        _OPENING, _LENGTH, depth_ratio * _OPENING, 1.0, 2.0 * _OPENING * roughness,
        taper, accommodation, inlet_loss,
    )  # fmt: skip
    return flow * root / (_PRESSURE * _LENGTH * _OPENING)


def _no_loss(r: float, depth_ratio: float) -> float:
    """The inlet loss that cancels the law's outlet loss, for what is computed without either."""
    return -0.59 * (r + r * r) / (1.0 + (depth_ratio / 0.7) ** 4)


def _nozzle(law: CrackLaw) -> Compared:
    points = [row for row in rows("isentropic_orifice_psi", "gamma", "r", "psi") if row[1] < 1.0]
    values = [
        _reduced(law, _CONTINUUM, r, 0.0, gamma=gamma, inlet_loss=_no_loss(r, 0.0)) for gamma, r, _ in points
    ]
    return values, [psi for *_, psi in points]


def _sharp_slit(law: CrackLaw) -> Compared:
    points = rows("slit_chaplygin_Cd", "gamma", "r", "g")
    values = [_reduced(law, _CONTINUUM, r, 0.0, gamma=gamma) for gamma, r, _ in points]
    return values, [g for *_, g in points]


def _round_orifice(law: CrackLaw) -> Compared:
    ratios = [i / 100 for i in range(100)]
    return [_reduced(law, _CONTINUUM, r, 0.0) for r in ratios], [
        _perry(r) * _saint_venant_wantzel(r, 1.4) for r in ratios
    ]


def _perry(r: float) -> float:
    return 0.8414 - 0.1002 * r + 0.8415 * r**2 - 3.9 * r**3 + 4.6001 * r**4 - 1.6827 * r**5


def _saint_venant_wantzel(r: float, gamma: float) -> float:
    choked = (2.0 / (gamma + 1.0)) ** (gamma / (gamma - 1.0))
    x = max(r, choked)
    return math.sqrt(2.0 * gamma / (gamma - 1.0) * (x ** (2.0 / gamma) - x ** ((gamma + 1.0) / gamma)))


def _laminar_slot(law: CrackLaw) -> Compared:
    """At Re 1400, laminar: that fixes the slot's length, and friction with its ends the rarefaction."""
    values, expected = [], []
    for N, r, g, B in rows("fanno_slot_massflow", "N", "r", "g", "B_laminar"):
        depth_ratio = N * 1400.0 / 48.0
        delta1 = _rarefaction_of_friction(B, r, depth_ratio) if B > 0.0 else _CONTINUUM
        values.append(_reduced(law, delta1, r, depth_ratio, inlet_loss=_no_loss(r, depth_ratio)))
        expected.append(g)
    return values, expected


def _rarefaction_of_friction(B: float, r: float, depth_ratio: float) -> float:
    """The rarefaction at which slow viscous flow, ends and slip included, has the friction ``Bv`` = B.

    ``Bv = sqrt(2)(1 + r)/wbar``. The slit ends are Hasimoto's, the channel that of Poiseuille with slip and
    the fitted poles of Cercignani and Daneri's integral; the mean is over the pressures from end to end.
    """
    low, high = 0.0, 1e9
    for _ in range(200):
        middle = 0.5 * (low + high)
        if _mean_conductance(middle, r, depth_ratio) < math.sqrt(2.0) * (1.0 + r) / B:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _mean_conductance(delta1: float, r: float, depth_ratio: float) -> float:
    eps = (5.89342358 + 1.65055508 * depth_ratio) / (
        0.41180871 + 1.56768306 * depth_ratio + depth_ratio * depth_ratio
    )
    poles = (
        (0.903482091, 3.96829451),
        (0.178276478, 0.242502454),
        (0.0283666842, 0.0225795430),
        (0.00260995957, 0.00138710517),
    )
    mean = 0.0
    for node, weight in ((-math.sqrt(0.6), 5.0 / 18.0), (0.0, 8.0 / 18.0), (math.sqrt(0.6), 5.0 / 18.0)):
        d = delta1 * (r + (1.0 - r) * 0.5 * (1.0 + node))
        slip = 1.016191 + sum(b / (d + q + eps) for b, q in poles)
        channel = (d / 6.0 + slip) / depth_ratio
        ends = 1.0 / math.sqrt(math.pi) + math.pi / 16.0 * d
        mean += weight * ends * channel / (ends + channel)
    return mean


def _rough_slot(roughness: float) -> Callable[[CrackLaw], Compared]:
    """Fully rough: at an endless Reynolds number the roughness alone sets f."""
    f = (-1.8 * math.log10((roughness / 3.7) ** 1.11)) ** -2

    def compare(law: CrackLaw) -> Compared:
        values, expected = [], []
        for N, r, g in rows("fanno_slot_massflow", "N", "r", "g"):
            depth_ratio = 2.0 * N / f / (1.0 + 8.8 * roughness**1.5)
            loss = _no_loss(r, depth_ratio)
            values.append(_reduced(law, _CONTINUUM, r, depth_ratio, roughness=roughness, inlet_loss=loss))
            expected.append(g)
        return values, expected

    return compare


def _flow_rate(law: CrackLaw, delta: float, accommodation: float = 1.0) -> float:
    """G_P at the mean rarefaction of a long channel, mdot = G_P w h^2 (p1 - p2)/(v0 L), p2 near p1."""
    r = 0.999
    g = _reduced(law, 2.0 * delta / (1.0 + r), r, _LONG, accommodation=accommodation)
    return math.sqrt(2.0) * g * _LONG / (1.0 - r)


def _long_channel(law: CrackLaw) -> Compared:
    points = [row for row in rows("plane_poiseuille_bgk", "delta", "G_P") if 1e-3 <= row[0] <= 100.0]
    return [_flow_rate(law, delta) for delta, _ in points], [G for _, G in points]


def _accommodation(law: CrackLaw) -> Compared:
    points = rows("plane_poiseuille_bgk_alpha", "alpha", "delta", "G_P")
    return [_flow_rate(law, delta, alpha) for alpha, delta, _ in points], [G for *_, G in points]


def _tapered(taper: float) -> Callable[[CrackLaw], Compared]:
    """m = mdot v0 L/(w h^2 p1), both ways through the channel; a straight one has but one way."""

    def compare(law: CrackLaw) -> Compared:
        values, expected = [], []
        headings = ("tau", "delta1", "r", "m_converging", "m_diverging")
        for tau, delta1, r, *both_ways in rows("taper_long_channel", *headings):
            if tau == taper:
                m = math.sqrt(2.0) * _reduced(law, delta1, r, _LONG, taper=taper) * _LONG
                ways = both_ways if taper > 1.0 else both_ways[:1]
                values += [m] * len(ways)
                expected += ways
        return values, expected

    return compare


def _free_molecules(r: float) -> Callable[[CrackLaw], Compared]:
    def compare(law: CrackLaw) -> Compared:
        points = rows("clausing_slit", "L_over_h", "W")
        scale = math.sqrt(2.0 * math.pi) / (1.0 - r)
        return [scale * _reduced(law, _EFFUSION, r, ratio) for ratio, _ in points], [W for _, W in points]

    return compare


def _simulated(law: CrackLaw, points: list[tuple[float, float, float, float]]) -> Compared:
    values = [
        math.sqrt(2.0 * math.pi) * _reduced(law, max(delta, _EFFUSION), r, ratio, gamma=_GAMMA_OF_ATOMS)
        for delta, ratio, r, _ in points
    ]
    return values, [W for *_, W in points]


def _transition(law: CrackLaw) -> Compared:
    """Every row but the three long ones of coarse cells, which the table's header calls 3 to 4 % low."""
    table = rows("slit_short_channel_dsmc", "delta", "L_over_h", "pr", "W", "dx")
    points = [(row[0], row[1], row[2], row[3]) for row in table if not (row[4] == 0.08 and row[1] >= 5.0)]
    return _simulated(law, points)


def _transition_of_cells(law: CrackLaw) -> Compared:
    """Every row, at its cells' effective viscosity: (16/45 pi)(dx/mfp)^2 more, as the header says."""
    table = rows("slit_short_channel_dsmc", "delta", "L_over_h", "pr", "W", "dx_mfp")
    thickening = 16.0 / (45.0 * math.pi)
    points = [(delta / (1.0 + thickening * cells**2), a, b, W) for delta, a, b, W, cells in table]
    return _simulated(law, points)


#: The crack law's regimes, with the errors that section 6 of ``docs/theory.md`` allows.
REGIMES: tuple[Regime, ...] = (
    Regime("isentropic nozzle, L/h to 0", "isentropic_orifice_psi", "0.6", "1.4", _nozzle),
    Regime("sharp slit, exact", "slit_chaplygin_Cd", "0.6", "0.95", _sharp_slit),
    Regime("sharp round orifice, Perry's curve", "", "1.8", "3.2", _round_orifice),
    Regime("laminar choked slot, exact Fanno", "fanno_slot_massflow", "1.0", "2.7", _laminar_slot),
    Regime("constant-f slot, roughness 1e-6", "fanno_slot_massflow", "0.7", "1.8", _rough_slot(1e-6)),
    Regime("constant-f slot, roughness 1e-3", "fanno_slot_massflow", "0.7", "1.8", _rough_slot(1e-3)),
    Regime("constant-f slot, roughness 0.1", "fanno_slot_massflow", "0.7", "1.8", _rough_slot(0.1)),
    Regime("long channel, delta 1e-3 to 100", "plane_poiseuille_bgk", "0.04", "0.12", _long_channel),
    Regime("accommodation 0.6 to 0.95", "plane_poiseuille_bgk_alpha", "0.44", "1.0", _accommodation),
    Regime("pressure integral, 3-point Gauss", "taper_long_channel", "0.8", "1.4", _tapered(1.0)),
    Regime("free molecules into vacuum", "clausing_slit", "0.15", "0.54", _free_molecules(0.0)),
    Regime("free molecules, half the pressure behind", "clausing_slit", "0.15", "0.54", _free_molecules(0.5)),
    Regime("transition, coarse cells left out", "slit_short_channel_dsmc", "0.9", "2.0", _transition),
    Regime(
        "transition, viscosity of the cells", "slit_short_channel_dsmc", "0.9", "2.0", _transition_of_cells
    ),
    Regime("taper 2", "taper_long_channel", "2", "5", _tapered(2.0)),
    Regime("taper 5", "taper_long_channel", "5", "12", _tapered(5.0)),
    Regime("taper 10", "taper_long_channel", "8", "18", _tapered(10.0)),
)
