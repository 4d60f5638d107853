"""Slow, obvious oracles of the kernels: plain Python scalars, each law written again from its source.

No numba, no array tricks, no shared code with ``leakflow.kernels``. Implicit equations are solved by
bisection, to the last bit. SI units and absolute pressures throughout.
"""

from __future__ import annotations

import math

from reference import table
from scipy import stats

UNIVERSAL_GAS_CONSTANT = 8.31446261815324  # J/(mol K)

# name: (row of viscosity_fits.csv, molar mass g/mol, cp/R at 298 K)
SPECIES = {
    "N2": ("Nitrogen", 28.0134, 3.503),
    "O2": ("Oxygen", 31.9988, 3.533),
    "CO2": ("CarbonDioxide", 44.0095, 4.466),
    "H2O": ("Water", 18.01528, 4.040),
    "Ar": ("Argon", 39.948, 2.5),
    "He": ("Helium", 4.002602, 2.5),
}


# Gas properties


def viscosity(species: str, temperature: float) -> float:
    """Sutherland viscosity of one species from ``viscosity_fits.csv``, Pa s."""
    fits = table("viscosity_fits")
    row = fits["gas"].tolist().index(SPECIES[species][0])
    return float(fits["Suth_C"][row]) * temperature**1.5 / (temperature + float(fits["Suth_S"][row]))


def gas_properties(composition: dict[str, float], temperature: float) -> tuple[float, float, float]:
    """Gas constant (J/(kg K)), viscosity (Pa s; Wilke 1950) and heat capacity ratio of an ideal mixture."""
    molar_mass = sum(x * SPECIES[name][1] for name, x in composition.items()) / 1000.0
    cp_over_r = sum(x * SPECIES[name][2] for name, x in composition.items())
    mixed = 0.0
    for i, x_i in composition.items():
        denominator = 0.0
        for j, x_j in composition.items():
            mu_ratio = viscosity(i, temperature) / viscosity(j, temperature)
            mass_ratio = SPECIES[i][1] / SPECIES[j][1]
            top = (1.0 + math.sqrt(mu_ratio) * mass_ratio**-0.25) ** 2
            denominator += x_j * top / math.sqrt(8.0 * (1.0 + mass_ratio))
        mixed += x_i * viscosity(i, temperature) / denominator
    return UNIVERSAL_GAS_CONSTANT / molar_mass, mixed, cp_over_r / (cp_over_r - 1.0)


# Orifice: physics.md section 2


def critical_pressure_ratio(gamma: float) -> float:
    """Pressure ratio below which an isentropic nozzle is choked."""
    return (2.0 / (gamma + 1.0)) ** (gamma / (gamma - 1.0))


def choked_flow_function(gamma: float) -> float:
    """psi of a choked isentropic nozzle."""
    return math.sqrt(gamma * (2.0 / (gamma + 1.0)) ** ((gamma + 1.0) / (gamma - 1.0)))


def flow_function(pressure_ratio: float, gamma: float) -> float:
    """psi of Saint-Venant and Wantzel (1839), infinite slope at a pressure ratio of one included."""
    r = pressure_ratio
    if r <= critical_pressure_ratio(gamma):
        return choked_flow_function(gamma)
    return math.sqrt(2.0 * gamma / (gamma - 1.0) * (r ** (2.0 / gamma) - r ** ((gamma + 1.0) / gamma)))


def perry_coefficient(pressure_ratio: float) -> float:
    """Discharge coefficient of a sharp round hole, Perry's curve."""
    r = pressure_ratio
    return 0.8414 - 0.1002 * r + 0.8415 * r**2 - 3.9 * r**3 + 4.6001 * r**4 - 1.6827 * r**5


def orifice_flow(
    p_up: float,
    p_down: float,
    temperature: float,
    gas_constant: float,
    viscosity: float,
    gamma: float,
    area: float,
    discharge_coefficient: float,
) -> float:
    """Mass flow of an orifice, kg/s, without the laminar term of the kernel next to equal pressures."""
    if p_up == p_down:
        return 0.0
    high, low = max(p_up, p_down), min(p_up, p_down)
    r = low / high
    cd = perry_coefficient(r) if discharge_coefficient <= 0.0 else discharge_coefficient
    flow = cd * area * high * flow_function(r, gamma) / math.sqrt(gas_constant * temperature)
    return math.copysign(flow, p_up - p_down)


# Crack: physics.md section 3

GAUSS = ((0.5 - math.sqrt(0.15), 5.0 / 18.0), (0.5, 8.0 / 18.0), (0.5 + math.sqrt(0.15), 5.0 / 18.0))
SERIES = (  # b, q, c of the channel's conductance
    (0.903482091, 3.96829451, -1.374),
    (0.178276478, 0.242502454, 1.162),
    (0.0283666842, 0.0225795430, 1.795),
    (0.00260995957, 0.00138710517, 1.807),
)


def crack_flow(
    p_up: float,
    p_down: float,
    temperature: float,
    gas_constant: float,
    viscosity: float,
    gamma: float,
    opening: float,
    length: float,
    depth: float,
    tortuosity: float,
    roughness: float,
    taper: float,
    accommodation: float,
    inlet_loss: float,
) -> float:
    """Mass flow of a planar crack, kg/s: the implicit equation of step 3, solved fully."""
    high, low = max(p_up, p_down), min(p_up, p_down)
    if high == low:
        return 0.0
    delta1 = high * opening / (viscosity * math.sqrt(2.0 * gas_constant * temperature))
    ratio = tortuosity * depth / opening
    e = min(roughness / (2.0 * opening), 0.1)
    # the drop, not the ratio, keeps its digits next to equal pressures
    g = reduced_flow(delta1, (high - low) / high, gamma, ratio, e, taper, accommodation, inlet_loss)
    flow = g * high * length * opening / math.sqrt(gas_constant * temperature)
    return math.copysign(flow, p_up - p_down)


def reduced_flow(
    delta1: float,
    drop: float,
    gamma: float,
    depth_ratio: float,
    relative_roughness: float,
    taper: float,
    accommodation: float,
    inlet_loss: float,
) -> float:
    """Dimensionless mass flow g of a crack whose path is `depth_ratio` openings long, at a drop 1 - r."""
    r, X = 1.0 - drop, drop * (2.0 - drop)
    e, t = relative_roughness, taper
    lv = depth_ratio * (1.0 + t) / (2.0 * t * t) * (1.0 + 8.8 * e**1.5)
    ls = depth_ratio / t
    wbar, phi = mean_conductance(delta1, r, lv, ls, t, accommodation)
    bv = math.sqrt(2.0) * (1.0 + r) / wbar
    k = inlet_loss + 0.59 * (r + r * r) / (1.0 + (ls / 0.7) ** 4)
    thinned = delta1**1.25
    s = thinned / (thinned + 16.2 / (1.0 + 0.32 * ls))
    kn = nozzle_loss(r, gamma)

    def excess(g: float) -> float:
        n = turbulent_loss(2.0 * math.sqrt(2.0) * g * delta1, e, lv)
        a = g * (k + n) + phi * bv
        acceleration = 0.70 * math.log((g + a) / (g + a * r * r))
        return s * (kn + k + n + acceleration) * g * g + bv * g - X

    return bisect(excess, 0.0, X / bv)


def conductance(d: float, lv: float, ls: float, taper: float, accommodation: float) -> tuple[float, float]:
    """Low-speed conductance w at rarefaction `d` and the channel's share of the resistance there."""
    ws = 1.0 / math.sqrt(math.pi) + math.pi / 16.0 * d
    if ls == 0.0:
        return ws, 0.0
    eps = (5.89342358 + 1.65055508 * ls) / (0.41180871 + 1.56768306 * ls + ls * ls)
    lack = (1.0 - accommodation) / accommodation
    slip = (2.0 - accommodation) / accommodation * (1.016191 - 0.1211 * (1.0 - accommodation))
    for b, q, c in SERIES:
        slip += b * (1.0 + c * lack) / (d * math.sqrt(taper) + q + eps)
    wc = d / (6.0 * lv) + slip / ls
    return ws * wc / (ws + wc), ws / (ws + wc)


def mean_conductance(
    delta1: float, r: float, lv: float, ls: float, taper: float, accommodation: float
) -> tuple[float, float]:
    """wbar and phi: Gauss-Legendre means between the two ends."""
    mean, share = 0.0, 0.0
    for node, weight in GAUSS:
        w, channel = conductance(delta1 * (r + (1.0 - r) * node), lv, ls, taper, accommodation)
        mean += weight * w
        share += weight * w * channel
    return mean, share / mean


def nozzle_loss(r: float, gamma: float) -> float:
    """Kn(r), the pressure-squared loss coefficient of the nozzle itself."""
    rc = critical_pressure_ratio(gamma)
    choked = choked_flow_function(gamma) ** 2
    if r <= rc:
        return (1.0 - r) * (1.0 + r) / choked
    tr = (r - rc) / (1.0 - rc)
    return (1.0 + r) * (1.0 - rc) / ((1.0 + tr) * choked)


def turbulent_loss(reynolds: float, relative_roughness: float, lv: float) -> float:
    """N: what turbulence adds to the laminar friction."""
    if reynolds == 0.0:
        return 0.0
    x = reynolds / 2500.0
    onset = 1.0 if x > 1e4 else x**4 / (1.0 + x**4)
    return onset * max(haaland(reynolds, relative_roughness) - 96.0 / reynolds, 0.0) * lv / 2.0


def haaland(reynolds: float, relative_roughness: float) -> float:
    """Friction factor of Haaland (1983), both arguments on the hydraulic diameter 2 h."""
    return (-1.8 * math.log10((relative_roughness / 3.7) ** 1.11 + 6.9 / max(reynolds, 100.0))) ** -2


def bisect(function, low: float, high: float) -> float:
    """The root of an increasing function, to the last bit."""
    while True:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            return middle
        if function(middle) > 0.0:
            high = middle
        else:
            low = middle


# Hatch seal: physics.md section 5


def seal_flow(p_up: float, p_down: float, molecular: float, viscous: float) -> float:
    """Mass flow through a hatch seal, kg/s."""
    return (molecular + viscous * (p_up + p_down) / 2.0) * (p_up - p_down)


# Random numbers: Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (SC11)


def philox4x32_10(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Ten rounds of Philox 4x32 on Python integers."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        product0, product1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        high0, low0 = product0 >> 32, product0 & 0xFFFFFFFF
        high1, low1 = product1 >> 32, product1 & 0xFFFFFFFF
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3


def quantile(kind: str, a: float, b: float, c: float, d: float, u: float) -> float:
    """Inverse cumulative distribution, through scipy.stats."""
    if kind == "constant":
        return a
    if kind == "triangular":
        return float(stats.triang.ppf(u, (b - a) / (c - a), loc=a, scale=c - a))
    if kind == "truncated_normal":
        return float(stats.truncnorm.ppf(u, (c - a) / b, (d - a) / b, loc=a, scale=b))
    distribution = {
        "uniform": lambda: stats.uniform(loc=a, scale=b - a),
        "loguniform": lambda: stats.loguniform(a, b),
        "normal": lambda: stats.norm(loc=a, scale=b),
        "lognormal": lambda: stats.lognorm(b, scale=a),
        "weibull": lambda: stats.weibull_min(a, scale=b),
    }[kind]()
    return float(distribution.ppf(u))
