"""Compressible flow through an orifice: choked, subsonic, and smooth where the two pressures meet.

Sources
-------
Flow function: Saint-Venant and Wantzel (1839). Sharp round hole: Perry, Trans. ASME 71 (1949) 757.
Laminar limit at vanishing pressure difference: Sampson, Phil. Trans. R. Soc. A 182 (1891) 449, a
circular hole in a thin wall passes ``d^3 dp/(24 mu)`` by volume; and of molecules that do not meet, ``A
dp/sqrt(2 pi R T)`` by mass (Knudsen, Ann. Phys. 333 (1909) 75). Parts measured by sonic conductance: ISO
6358-1:2013, eq. 2 and 3.
"""

import math

from .jit import jit

#: A discharge coefficient that asks for Perry's curve.
PERRY = -1.0

#: A wide hatch would turn laminar only at 1e-12 of the pressure, too sharp a corner for any step: it
#: turns at 1e-7 here, some millipascals of difference in a cabin.
SMALLEST_LAMINAR = 3e-4
#: ``1/B`` of molecules that do not meet: ``g = (1 - r)/sqrt(2 pi)``, and X twice that drop as it vanishes.
MOLECULAR = 0.5 / math.sqrt(2.0 * math.pi)
#: Width in w below which the subsonic flow of ISO 6358 is bent to a finite slope.
ISO_CORNER = 1e-7
# its reference
_ISO_TEMPERATURE = 293.15
_ISO_PRESSURE = 1e5
_ISO_GAS = 287.05


@jit
def critical_pressure_ratio(gamma):
    """Pressure ratio at and below which an ideal nozzle is choked, ``(2/(gamma+1))^(gamma/(gamma-1))``."""
    return math.exp(gamma / (gamma - 1.0) * math.log(2.0 / (gamma + 1.0)))


@jit
def critical_flow_squared(gamma):
    """Square of the choked flow function, ``gamma (2/(gamma+1))^((gamma+1)/(gamma-1))``."""
    return gamma * math.exp((gamma + 1.0) / (gamma - 1.0) * math.log(2.0 / (gamma + 1.0)))


@jit
def flow_function(pressure_ratio, gamma):
    """Saint-Venant and Wantzel's ``psi = mdot sqrt(R T)/(Cd A p1)``, choked below the critical ratio."""
    return math.sqrt(_flow_function_squared(1.0 - pressure_ratio, gamma)[0])


@jit
def perry_coefficient(pressure_ratio):
    """Discharge coefficient of a sharp round hole (Perry 1949): 0.60 near a ratio of 1, 0.84 into vacuum."""
    return _perry(pressure_ratio)[0]


@jit
def thrust_coefficient(pressure_ratio, gamma):
    """Thrust of an ideal jet over ``mdot sqrt(R T)``: momentum of the exit, and its pressure over the back's.

    ``sqrt(2 gamma/(gamma+1)) + (rc - r)/psi*`` where choked, else
    ``sqrt(2 gamma/(gamma-1) (1 - r^((gamma-1)/gamma)))``: 1.85 into vacuum for air. A rarefied leak has less,
    1.25 where molecules do not meet.
    """
    rc = critical_pressure_ratio(gamma)
    if pressure_ratio <= rc:
        choked = math.sqrt(critical_flow_squared(gamma))
        return math.sqrt(2.0 * gamma / (gamma + 1.0)) + (rc - pressure_ratio) / choked
    power = (gamma - 1.0) / gamma
    return math.sqrt(2.0 / power * -math.expm1(power * math.log(pressure_ratio)))


@jit
def iso_flow(p_up, p_down, temperature, gas_constant, sonic_conductance, critical_ratio, subsonic_index):
    """Mass flow through a part by ISO 6358-1 [kg/s], positive from ``p_up`` to ``p_down``.

    ``C rho0 p1 sqrt(T0/T1)``, times ``(1 - ((r-b)/(1-b))^2)^m`` above the critical ratio.

    Parameters
    ----------
    p_up, p_down : float
        [Pa]
    temperature, gas_constant : float
        Of the gas on the side with the higher pressure [K, J/(kg K)].
    sonic_conductance, critical_ratio, subsonic_index : float
        C [m3/(s Pa)] at 293.15 K and 100 kPa, b and m.
    """
    return iso_flow_slopes(
        p_up, p_down, temperature, gas_constant, sonic_conductance, critical_ratio, subsonic_index
    )[0]


@jit
def iso_flow_slopes(
    p_up, p_down, temperature, gas_constant, sonic_conductance, critical_ratio, subsonic_index
):
    """Return `iso_flow` and its derivatives by ``p_up`` and ``p_down`` [kg/s, kg/(s Pa), kg/(s Pa)]."""
    p1 = max(p_up, p_down)
    p2 = min(p_up, p_down)
    if not p1 > 0.0:
        return 0.0 * p1, 0.0, 0.0
    scale = sonic_conductance * iso_scale(temperature, gas_constant)
    drop = (p1 - p2) / p1
    flow, by_drop = 1.0, 0.0
    if 1.0 - drop > critical_ratio:
        # w = 1 - ((r-b)/(1-b))^2, exact as the drop vanishes; there w^m is bent to a finite slope
        part = drop / (1.0 - critical_ratio)
        w = part * (2.0 - part)
        w_drop = 2.0 * (1.0 - part) / (1.0 - critical_ratio)
        power = 4.0 * (1.0 - subsonic_index)
        bent = math.exp(power * math.log(w + ISO_CORNER))
        flow = w / math.sqrt(math.sqrt(bent))
        by_drop = w_drop * (flow / w if w > 0.0 else 1.0 / math.sqrt(math.sqrt(bent)))
        by_drop -= w_drop * flow * (1.0 - subsonic_index) / (w + ISO_CORNER)
    by_p1 = scale * (flow + (1.0 - drop) * by_drop)
    by_p2 = -scale * by_drop
    mdot = scale * p1 * flow
    if p_up >= p_down:
        return mdot, by_p1, by_p2
    return -mdot, -by_p2, -by_p1


@jit
def iso_scale(temperature, gas_constant):
    """Choked flow over sonic conductance and pressure, ``rho0 sqrt(T0/T1)`` [kg/m3 / (Pa/Pa)].

    C is measured with air; as a choked flow goes with 1/sqrt(R), so does this.
    """
    density = _ISO_PRESSURE / (math.sqrt(gas_constant * _ISO_GAS) * _ISO_TEMPERATURE)
    return density * math.sqrt(_ISO_TEMPERATURE / temperature)


@jit
def orifice_flow(p_up, p_down, temperature, gas_constant, viscosity, gamma, area, discharge_coefficient):
    """Mass flow through an orifice [kg/s], positive from ``p_up`` to ``p_down``.

    Parameters
    ----------
    p_up, p_down : float
        Pressures on the two sides [Pa]; either may be the higher one.
    temperature, gas_constant, viscosity, gamma : float
        Of the gas on the side with the higher pressure [K, J/(kg K), Pa s, 1].
    area : float
        Open area [m2].
    discharge_coefficient : float
        A constant, or `PERRY` for the curve of a sharp round hole.
    """
    return orifice_flow_slopes(
        p_up, p_down, temperature, gas_constant, viscosity, gamma, area, discharge_coefficient
    )[0]


@jit
def orifice_flow_slopes(
    p_up, p_down, temperature, gas_constant, viscosity, gamma, area, discharge_coefficient
):
    """Return `orifice_flow` and its derivatives by ``p_up`` and ``p_down`` [kg/s, kg/(s Pa), kg/(s Pa)]."""
    return thick_hole_slopes(
        p_up, p_down, temperature, gas_constant, viscosity, gamma, area, discharge_coefficient, 0.0
    )


@jit
def thick_hole_slopes(
    p_up, p_down, temperature, gas_constant, viscosity, gamma, area, discharge_coefficient, inlet_loss
):
    """Return the flow of a hole whose inlet loses pressure, and its derivatives by the two pressures.

    A loss coefficient K adds ``K g^2`` to the balance of the ideal nozzle, as in the crack law; the other
    arguments are those of `orifice_flow`.
    """
    p1 = max(p_up, p_down)
    p2 = min(p_up, p_down)
    if not p1 > 0.0 or not area > 0.0:
        return 0.0 * (p1 + area), 0.0, 0.0
    drop = (p1 - p2) / p1
    scale = area / math.sqrt(gas_constant * temperature)
    part = laminar_part(gas_constant * temperature, viscosity, area)
    laminar = laminar_coefficient(p1, part)
    g, g_drop, g_laminar = _reduced_flow(drop, gamma, laminar, inlet_loss)
    coefficient, coefficient_r = discharge_coefficient, 0.0
    if discharge_coefficient == PERRY:
        coefficient, coefficient_r = _perry(1.0 - drop)
    flow = coefficient * g
    flow_r = coefficient_r * g - coefficient * g_drop
    flow_laminar = coefficient * g_laminar
    laminar_p1 = (SMALLEST_LAMINAR - laminar) / (p1 + MOLECULAR * part)
    by_p1 = scale * (flow - (1.0 - drop) * flow_r + p1 * laminar_p1 * flow_laminar)
    by_p2 = scale * flow_r
    mdot = scale * p1 * flow
    if p_up >= p_down:
        return mdot, by_p1, by_p2
    return -mdot, -by_p2, -by_p1


@jit
def laminar_coefficient(p1, part):
    """``B`` of ``B g = X`` as the drop vanishes: creeping flow and free molecules side by side.

    ``1/B = p1/part + MOLECULAR``, and `SMALLEST_LAMINAR` at least; part: `laminar_part`.
    """
    return SMALLEST_LAMINAR + part / (p1 + MOLECULAR * part)


@jit
def laminar_part(RT, viscosity, area):
    """``B`` of Sampson's creeping flow through a round hole, times p1: ``12 pi mu sqrt(R T)/d`` [Pa]."""
    return 12.0 * math.pi * viscosity * math.sqrt(RT) / math.sqrt(4.0 * area / math.pi)


@jit
def _reduced_flow(drop, gamma, laminar, loss):
    """``g = X/(Q^2 + L^4)^(1/4)``, ``Q = X^2/psi^2 + loss X``, ``L = laminar r``; with derivatives.

    psi has an infinite slope at equal pressures. In this form ``g`` tends to psi where the laminar
    term is small and to ``X/laminar`` as the drop vanishes; L goes with the back pressure, so that
    nothing is changed into vacuum.
    """
    r = 1.0 - drop
    X = drop * (1.0 + r)
    psi2, psi2_drop = _flow_function_squared(drop, gamma)
    if drop > 0.0:
        Q = X * X / psi2
        Q_drop = (4.0 * X * r - Q * psi2_drop) / psi2
    else:
        Q = 0.0
        Q_drop = 2.0
    Q += loss * X
    Q_drop += 2.0 * loss * r
    L = laminar * r
    fourth = Q * Q + L * L * L * L
    root = math.sqrt(math.sqrt(fourth))
    g = X / root
    by_drop = 2.0 * r / root - 0.25 * g * (2.0 * Q * Q_drop - 4.0 * L * L * L * laminar) / fourth
    by_laminar = -g * L * L * L * r / fourth
    return g, by_drop, by_laminar


@jit
def _flow_function_squared(drop, gamma):
    """``psi^2`` and its derivative by ``drop = 1 - r``; exact as the drop vanishes."""
    r = 1.0 - drop
    if r <= critical_pressure_ratio(gamma):
        return critical_flow_squared(gamma), 0.0
    log_r = math.log1p(-drop)
    power = math.exp(2.0 / gamma * log_r)
    heat = -math.expm1((gamma - 1.0) / gamma * log_r)
    factor = 2.0 * gamma / (gamma - 1.0)
    by_r = factor * power / r * (2.0 / gamma * heat - (gamma - 1.0) / gamma * (1.0 - heat))
    return factor * power * heat, -by_r


@jit
def _perry(r):
    """Perry's polynomial and its derivative by r."""
    value = 0.8414 + r * (-0.1002 + r * (0.8415 + r * (-3.9 + r * (4.6001 - 1.6827 * r))))
    slope = -0.1002 + r * (1.683 + r * (-11.7 + r * (18.4004 - 8.4135 * r)))
    return value, slope
