"""The error table of physics.md section 7, row by row, for the kernel and for the oracle.

The dimensionless law is reached through ``crack_flow``: the viscosity sets the rarefaction, the depth the
length over the opening. A measured error is rounded to the digits of the printed figure to be compared.
"""

from __future__ import annotations

import math

import naive
import pytest
from reference import percent_errors, rows

from leakflow.kernels import crack

LONG = 1e8  # length over opening at which the ends no longer count
CONTINUUM = 1e12  # rarefaction at which friction no longer counts
EFFUSION = 1e-9  # rarefaction at which collisions no longer count
GAMMA_OF_ATOMS = 5.0 / 3.0
TEMPERATURE, GAS_CONSTANT = 300.0, 300.0
PRESSURE, OPENING, LENGTH = 1e5, 1e-4, 0.01


@pytest.fixture(params=[naive.crack_flow, crack.crack_flow], ids=["oracle", "kernel"])
def reduced(request):
    """g of the dimensionless law, through ``crack_flow`` of the oracle or of the kernel."""

    def g(delta1, r, depth_ratio, *, gamma=1.4, roughness=0.0, taper=1.0, accommodation=1.0, inlet_loss=0.5):
        root = math.sqrt(GAS_CONSTANT * TEMPERATURE)
        viscosity = PRESSURE * OPENING / (delta1 * math.sqrt(2.0) * root)
        flow = request.param(
            PRESSURE, r * PRESSURE, TEMPERATURE, GAS_CONSTANT, viscosity, gamma,
            OPENING, LENGTH, depth_ratio * OPENING, 1.0, 2.0 * OPENING * roughness,
            taper, accommodation, inlet_loss,
        )  # fmt: skip
        return flow * root / (PRESSURE * LENGTH * OPENING)

    return g


def assert_within(values, expected, rms, largest):
    """Errors in percent, rounded to the digits of the figures ``rms`` and ``largest`` (text, as printed)."""
    reached = percent_errors(values, expected)
    for name, error, figure in zip(("rms", "max"), reached, (rms, largest), strict=True):
        digits = len(figure.partition(".")[2])
        assert round(error, digits) <= float(figure), f"{name} error {error:.4f} %, allowed {figure} %"


def no_loss(r, depth_ratio):
    """The inlet loss that cancels the law's outlet loss, for what is computed without either."""
    return -0.59 * (r + r * r) / (1.0 + (depth_ratio / 0.7) ** 4)


def test_isentropic_nozzle(reduced):
    points = [row for row in rows("isentropic_orifice_psi", "gamma", "r", "psi") if row[1] < 1.0]
    values = [reduced(CONTINUUM, r, 0.0, gamma=gamma, inlet_loss=no_loss(r, 0.0)) for gamma, r, _ in points]
    assert_within(values, [psi for *_, psi in points], "0.6", "1.4")


def test_sharp_slit(reduced):
    points = rows("slit_chaplygin_Cd", "gamma", "r", "g")
    values = [reduced(CONTINUUM, r, 0.0, gamma=gamma) for gamma, r, _ in points]
    assert_within(values, [g for *_, g in points], "0.6", "0.95")


def test_sharp_round_orifice(reduced):
    ratios = [i / 100 for i in range(100)]
    values = [reduced(CONTINUUM, r, 0.0) for r in ratios]
    expected = [naive.perry_coefficient(r) * naive.flow_function(r, 1.4) for r in ratios]
    assert_within(values, expected, "1.8", "3.2")


def test_laminar_choked_slot(reduced):
    """At Re 1400, laminar: that fixes the slot's length, and friction with its ends the rarefaction."""
    values, expected = [], []
    for N, r, g, B in rows("fanno_slot_massflow", "N", "r", "g", "B_laminar"):
        depth_ratio = N * 1400.0 / 48.0
        delta1 = rarefaction_of_friction(B, r, depth_ratio) if B > 0.0 else CONTINUUM
        values.append(reduced(delta1, r, depth_ratio, inlet_loss=no_loss(r, depth_ratio)))
        expected.append(g)
    assert_within(values, expected, "1.0", "2.7")


def rarefaction_of_friction(B, r, depth_ratio):
    """The rarefaction at which the law's ``Bv`` is B."""

    def excess(delta1):
        wbar, _ = naive.mean_conductance(delta1, r, depth_ratio, depth_ratio, 1.0, 1.0)
        return wbar - math.sqrt(2.0) * (1.0 + r) / B

    return naive.bisect(excess, 0.0, 1e9)


@pytest.mark.parametrize("roughness", [1e-6, 1e-3, 0.1])
def test_constant_f_slot(reduced, roughness):
    """Fully rough: at an endless Reynolds number the roughness alone sets f."""
    f = (-1.8 * math.log10((roughness / 3.7) ** 1.11)) ** -2
    values, expected = [], []
    for N, r, g in rows("fanno_slot_massflow", "N", "r", "g"):
        depth_ratio = 2.0 * N / f / (1.0 + 8.8 * roughness**1.5)
        loss = no_loss(r, depth_ratio)
        values.append(reduced(CONTINUUM, r, depth_ratio, roughness=roughness, inlet_loss=loss))
        expected.append(g)
    assert_within(values, expected, "0.7", "1.8")


def channel_flow_rate(reduced, delta, **options):
    """G_P at the mean rarefaction of a long channel, mdot = G_P w h^2 (p1 - p2)/(v0 L), p2 near p1."""
    r = 0.999
    g = reduced(2.0 * delta / (1.0 + r), r, LONG, **options)
    return math.sqrt(2.0) * g * LONG / (1.0 - r)


def test_long_channel(reduced):
    points = [row for row in rows("plane_poiseuille_bgk", "delta", "G_P") if 1e-3 <= row[0] <= 100.0]
    values = [channel_flow_rate(reduced, delta) for delta, _ in points]
    assert_within(values, [G for _, G in points], "0.04", "0.12")


def test_long_channel_with_accommodation(reduced):
    points = rows("plane_poiseuille_bgk_alpha", "alpha", "delta", "G_P")
    values = [channel_flow_rate(reduced, delta, accommodation=alpha) for alpha, delta, _ in points]
    assert_within(values, [G for *_, G in points], "0.44", "1.0")


def long_channel(reduced, taper, delta1, r):
    """m = mdot v0 L/(w h^2 p1) of the table of tapered channels."""
    return math.sqrt(2.0) * reduced(delta1, r, LONG, taper=taper) * LONG


def test_pressure_integral(reduced):
    """The table's straight channel, integrated over the pressure from G_P of the BGK table."""
    table = rows("taper_long_channel", "tau", "delta1", "r", "m_converging")
    points = [row for row in table if row[0] == 1.0]
    values = [long_channel(reduced, *row[:3]) for row in points]
    assert_within(values, [m for *_, m in points], "0.8", "1.4")


@pytest.mark.parametrize("taper, rms, largest", [(2.0, "2", "5"), (5.0, "5", "12"), (10.0, "8", "18")])
def test_tapered_channel(reduced, taper, rms, largest):
    values, expected = [], []
    for tau, delta1, r, *both_ways in rows(
        "taper_long_channel", "tau", "delta1", "r", "m_converging", "m_diverging"
    ):
        if tau == taper:
            values += [long_channel(reduced, taper, delta1, r)] * 2
            expected += both_ways
    assert_within(values, expected, rms, largest)


@pytest.mark.parametrize("r", [0.0, 0.5])
def test_free_molecules(reduced, r):
    points = rows("clausing_slit", "L_over_h", "W")
    values = [math.sqrt(2.0 * math.pi) * reduced(EFFUSION, r, ratio) / (1.0 - r) for ratio, _ in points]
    assert_within(values, [W for _, W in points], "0.15", "0.54")


def transition_errors(reduced, points):
    values = [
        math.sqrt(2.0 * math.pi) * reduced(max(delta, EFFUSION), r, ratio, gamma=GAMMA_OF_ATOMS)
        for delta, ratio, r, _ in points
    ]
    return values, [W for *_, W in points]


def test_transition(reduced):
    """Every row but the three long ones of coarse cells, which the table's header calls 3 to 4 % low."""
    table = rows("slit_short_channel_dsmc", "delta", "L_over_h", "pr", "W", "dx")
    points = [row[:4] for row in table if not (row[4] == 0.08 and row[1] >= 5.0)]
    assert len(points) == 15
    assert_within(*transition_errors(reduced, points), "0.9", "2.0")


def test_transition_with_the_cells_viscosity(reduced):
    """Every row, at its cells' effective viscosity: (16/45 pi)(dx/mfp)^2 more, as the header says."""
    table = rows("slit_short_channel_dsmc", "delta", "L_over_h", "pr", "W", "dx_mfp")
    thickening = 16.0 / (45.0 * math.pi)
    points = [(delta / (1.0 + thickening * cells**2), *row) for delta, *row, cells in table]
    assert len(points) == 18
    assert_within(*transition_errors(reduced, points), "0.9", "2.0")
