"""Flow through a planar crack: one law from choked orifice to free molecules.

With ``1`` the end of higher pressure, ``r = p2/p1``, ``X = 1 - r^2``, ``delta = p h/(mu v0)`` the
rarefaction, ``v0 = sqrt(2 R T)`` and ``g = mdot sqrt(R T)/(p1 w h)``, the law balances inertia against
friction,

    s (Kn + K + N + E) g^2 + Bv g = X,

Kn the ideal nozzle, K the inlet and outlet losses, N turbulent friction, E the acceleration of the
expanding gas, Bv laminar and rarefied friction, and s the fading of inertia as the gas thins.
``docs/theory.md`` derives each term.

Sources
-------
Plane channel at any rarefaction: Cercignani and Daneri, J. Appl. Phys. 34 (1963) 3509. Slit ends:
Hasimoto, J. Phys. Soc. Japan 13 (1958) 633. Free molecules: Clausing, Ann. Phys. 404 (1932) 961.
Integration over pressure: Sharipov and Seleznev, J. Phys. Chem. Ref. Data 27 (1998) 657. Choking slot:
Zuk, Ludwig and Johnson, NASA TN D-6668 (1972). Turbulent friction: Haaland, J. Fluids Eng. 105 (1983)
89. The constants of s, E and eps are fits to the tables in ``cases/reference``.
"""

import math

from .jit import jit, jit_inline
from .orifice import critical_flow_squared, critical_pressure_ratio

#: Numbers kept per crack by `crack_geometry`.
N_GEOMETRY = 14

# fit of the plane channel's flow rate, four poles; and how each moves with accommodation
POLE_WEIGHT = (0.903482091, 0.178276478, 0.0283666842, 0.00260995957)
POLE = (3.96829451, 0.242502454, 0.0225795430, 0.00138710517)
POLE_ACCOMMODATION = (-1.374, 1.162, 1.795, 1.807)
SLIT_MOLECULAR = 1.0 / math.sqrt(math.pi)
SLIT_VISCOUS = math.pi / 16.0
# 3-point Gauss-Legendre rule on [0, 1]
GAUSS_NODE = (0.5 - 0.5 * math.sqrt(0.6), 0.5, 0.5 + 0.5 * math.sqrt(0.6))
GAUSS_WEIGHT = (5.0 / 18.0, 8.0 / 18.0, 5.0 / 18.0)
ACCELERATION = 0.70
_EXIT_LOSS = 0.59
ONSET_REYNOLDS = 2500.0
#: Width of the smoothed ``max(f - 96/Re, 0)``, over 96/Re: without it the slope jumps at the onset.
ONSET_WIDTH = 2e-2
HAALAND = 1.8 / math.log(10.0)
# Newton stops once a step is this small: the next would be its square. Near the onset of turbulence it
# takes six passes, elsewhere two.
_NEWTON_TOLERANCE = 1e-6
_NEWTON_LIMIT = 12


@jit
def crack_flow(
    p_up,
    p_down,
    temperature,
    gas_constant,
    viscosity,
    gamma,
    opening,
    length,
    depth,
    tortuosity,
    roughness,
    taper,
    accommodation,
    inlet_loss,
):
    """Mass flow through a planar crack [kg/s], positive from ``p_up`` to ``p_down``.

    Parameters
    ----------
    p_up, p_down : float
        Pressures at the two ends [Pa]; either may be the higher one, either may be zero.
    temperature, gas_constant, viscosity, gamma : float
        Of the gas at the end with the higher pressure [K, J/(kg K), Pa s, 1].
    opening, length, depth : float
        Smallest gap h between the faces, length w along the wall, depth L through the wall [m].
    tortuosity : float
        Path through the wall over ``depth``, at least 1.
    roughness : float
        Peak height of the faces' roughness [m]; above a fifth of the opening it counts as a fifth.
    taper : float
        Largest gap over smallest, at least 1.
    accommodation : float
        Tangential momentum accommodation of the walls, 0.6 to 1.
    inlet_loss : float
        Loss coefficient of the entrance, 0.5 for a sharp edge, 0 for a round one.
    """
    geometry = crack_geometry(opening, length, depth, tortuosity, roughness, taper, accommodation, inlet_loss)
    ratio, flow2 = critical_pressure_ratio(gamma), critical_flow_squared(gamma)
    return geometry_flow(p_up, p_down, gas_constant * temperature, viscosity, ratio, flow2, geometry)


@jit
def crack_flow_slopes(
    p_up,
    p_down,
    temperature,
    gas_constant,
    viscosity,
    gamma,
    opening,
    length,
    depth,
    tortuosity,
    roughness,
    taper,
    accommodation,
    inlet_loss,
):
    """Return `crack_flow` and its derivatives by ``p_up`` and ``p_down`` [kg/s, kg/(s Pa), kg/(s Pa)]."""
    geometry = crack_geometry(opening, length, depth, tortuosity, roughness, taper, accommodation, inlet_loss)
    ratio, flow2 = critical_pressure_ratio(gamma), critical_flow_squared(gamma)
    return geometry_flow_slopes(p_up, p_down, gas_constant * temperature, viscosity, ratio, flow2, geometry)


@jit
def crack_geometry(opening, length, depth, tortuosity, roughness, taper, accommodation, inlet_loss):
    """Return the numbers of one crack that do not change with pressure.

    Parameters
    ----------
    opening, length, depth, tortuosity, roughness, taper, accommodation, inlet_loss : float
        As in `crack_flow`.

    Returns
    -------
    tuple of N_GEOMETRY floats
        Opening [m], area [m2], path over opening; the channel's viscous and molecular conductance for a
        path of one; turbulent factor, eps, root of the taper, slip, inlet and exit loss, thinning of
        inertia, roughness in Haaland's formula, specular over diffuse reflection.
    """
    path = tortuosity * depth / opening
    rough = min(roughness / (2.0 * opening), 0.1)
    lv_factor = 0.5 * (1.0 + taper) / (taper * taper) * (1.0 + 8.8 * rough * math.sqrt(rough))
    ls = path / taper
    specular = (1.0 - accommodation) / accommodation
    slip = (2.0 - accommodation) / accommodation * (1.016191 - 0.1211 * (1.0 - accommodation))
    exit_scale = ls / 0.7
    exit_scale *= exit_scale
    return (
        opening,
        opening * length,
        path,
        1.0 / (6.0 * lv_factor),
        taper,
        0.5 * path * lv_factor,
        (5.89342358 + 1.65055508 * ls) / (0.41180871 + 1.56768306 * ls + ls * ls),
        math.sqrt(taper),
        slip,
        inlet_loss,
        _EXIT_LOSS / (1.0 + exit_scale * exit_scale),
        16.2 / (1.0 + 0.32 * ls),
        math.exp(1.11 * math.log(rough / 3.7)) if rough > 0.0 else 0.0,
        specular,
    )


@jit
def geometry_flow(p_up, p_down, RT, viscosity, critical_ratio, critical_flow2, geometry):
    """Return the flow of a crack prepared by `crack_geometry` [kg/s].

    Parameters
    ----------
    p_up, p_down : float
        [Pa]
    RT, viscosity : float
        Gas constant times temperature [J/kg] and viscosity [Pa s] at the end of higher pressure.
    critical_ratio, critical_flow2 : float
        `orifice.critical_pressure_ratio` and `orifice.critical_flow_squared` of that gas.
    geometry : N_GEOMETRY floats, a tuple or an array
        Of `crack_geometry`.
    """
    p1 = max(p_up, p_down)
    p2 = min(p_up, p_down)
    if not p1 > 0.0:
        return 0.0 * p1
    delta = p1 * geometry[0] / (viscosity * math.sqrt(2.0 * RT))
    g, _, _ = reduced_flow(delta, (p1 - p2) / p1, critical_ratio, critical_flow2, geometry)
    mdot = geometry[1] / math.sqrt(RT) * p1 * g
    return mdot if p_up >= p_down else -mdot


@jit
def geometry_flow_slopes(p_up, p_down, RT, viscosity, critical_ratio, critical_flow2, geometry):
    """Return `geometry_flow` and its derivatives by the two pressures [kg/s, kg/(s Pa), kg/(s Pa)]."""
    p1 = max(p_up, p_down)
    p2 = min(p_up, p_down)
    if not p1 > 0.0:
        return 0.0 * p1, 0.0, 0.0
    scale = geometry[1] / math.sqrt(RT)
    delta = p1 * geometry[0] / (viscosity * math.sqrt(2.0 * RT))
    drop = (p1 - p2) / p1
    g, g_delta, g_drop = reduced_flow(delta, drop, critical_ratio, critical_flow2, geometry)
    mdot = scale * p1 * g
    by_p1 = scale * (g + delta * g_delta + (1.0 - drop) * g_drop)
    by_p2 = -scale * g_drop
    if p_up >= p_down:
        return mdot, by_p1, by_p2
    return -mdot, -by_p2, -by_p1


@jit_inline
def reduced_flow(delta, drop, critical_ratio, critical_flow2, geometry):
    """Dimensionless flow ``g = mdot sqrt(R T)/(p1 w h)``, and its derivatives by ``delta`` and ``drop``.

    Parameters
    ----------
    delta : float
        Rarefaction at the end of higher pressure, ``p1 h/(mu v0)``.
    drop : float
        ``(p1 - p2)/p1``, from 0 to 1.
    critical_ratio, critical_flow2 : float
        `orifice.critical_pressure_ratio` and `orifice.critical_flow_squared` of the gas.
    geometry : N_GEOMETRY floats, a tuple or an array
        Of `crack_geometry`.
    """
    r = 1.0 - drop
    X = drop * (1.0 + r)
    B, B_d, B_x, phi, phi_d, phi_x = _friction(delta, drop, geometry)
    Kn, Kn_x = nozzle(drop, critical_ratio, critical_flow2)
    exit_loss = geometry[10]
    K = geometry[9] + exit_loss * (r + r * r)
    K_x = -exit_loss * (1.0 + 2.0 * r)
    s, s_d = _inertia(delta, geometry[11])

    steady = s * (Kn + K)
    g = 2.0 * X / (B + math.sqrt(B * B + 4.0 * steady * X))
    N, N_re = _turbulence(REYNOLDS * g * delta, geometry)
    E, _, _, _ = _acceleration(g, r, g * (K + N) + phi * B)
    C = s * (Kn + K + N + E)
    g = 2.0 * X / (B + math.sqrt(B * B + 4.0 * C * X))
    F_g = 1.0
    F_d = 0.0
    F_x = 0.0
    for _ in range(_NEWTON_LIMIT):
        N, N_re = _turbulence(REYNOLDS * g * delta, geometry)
        N_g = N_re * REYNOLDS * delta
        N_d = N_re * REYNOLDS * g
        E, E_g, E_r, E_a = _acceleration(g, r, g * (K + N) + phi * B)
        C = Kn + K + N + E
        g2 = g * g
        F = s * C * g2 + B * g - X
        F_g = s * (2.0 * C * g + g2 * (N_g + E_g + E_a * (K + N + g * N_g))) + B
        F_d = s * g2 * (N_d + E_a * (g * N_d + phi_d * B + phi * B_d)) + s_d * C * g2 + B_d * g
        F_x = s * g2 * (Kn_x + K_x - E_r + E_a * (g * K_x + phi_x * B + phi * B_x)) + B_x * g - 2.0 * r
        step = F / F_g
        g -= step
        if not abs(step) > _NEWTON_TOLERANCE * g:
            break
    return g, -F_d / F_g, -F_x / F_g


#: ``Re = 2 sqrt(2) g delta`` with the hydraulic diameter 2 h.
REYNOLDS = 2.0 * math.sqrt(2.0)


@jit
def nozzle_loss(pressure_ratio, gamma):
    """Loss coefficient Kn of an ideal nozzle in ``Kn g^2 = 1 - r^2``.

    ``X/psi*^2`` where choked, else ``(1+r)(1-rc)/((1+tr) psi*^2)`` with ``tr = (r-rc)/(1-rc)``: the flow
    function of Saint-Venant and Wantzel within 1.4 %, without a power.
    """
    return nozzle(1.0 - pressure_ratio, critical_pressure_ratio(gamma), critical_flow_squared(gamma))[0]


@jit_inline
def nozzle(drop, critical_ratio, critical_flow2):
    """`nozzle_loss` and its derivative by ``drop``."""
    r = 1.0 - drop
    if r <= critical_ratio:
        return drop * (1.0 + r) / critical_flow2, 2.0 * r / critical_flow2
    span = 1.0 - critical_ratio
    below = 1.0 + (r - critical_ratio) / span
    by_r = (span - (1.0 + r) / below) / (below * critical_flow2)
    return (1.0 + r) * span / (below * critical_flow2), -by_r


@jit_inline
def _friction(delta, drop, geometry):
    """Friction ``Bv`` and the channel's share phi of it, each with derivatives by delta and drop.

    The low-speed conductance is a series of two slit ends and a channel, averaged over the pressures
    between the ends by three Gauss points.
    """
    r = 1.0 - drop
    W = 0.0
    W_d = 0.0
    W_x = 0.0
    P = 0.0
    P_d = 0.0
    P_x = 0.0
    for k in range(3):
        fraction = 1.0 - drop * (1.0 - GAUSS_NODE[k])
        d = delta * fraction
        by_drop = -delta * (1.0 - GAUSS_NODE[k])
        ends, ends_d, channel, channel_d = _resistances(d, geometry)
        w = 1.0 / (ends + channel)
        w_d = -w * w * (ends_d + channel_d)
        share = w * w * channel
        share_d = 2.0 * w * w_d * channel + w * w * channel_d
        weight = GAUSS_WEIGHT[k]
        W += weight * w
        W_d += weight * w_d * fraction
        W_x += weight * w_d * by_drop
        P += weight * share
        P_d += weight * share_d * fraction
        P_x += weight * share_d * by_drop
    inverse = 1.0 / W
    phi = P * inverse
    B = math.sqrt(2.0) * (1.0 + r) * inverse
    return (
        B,
        -B * W_d * inverse,
        -math.sqrt(2.0) * inverse - B * W_x * inverse,
        phi,
        (P_d - phi * W_d) * inverse,
        (P_x - phi * W_x) * inverse,
    )


@jit_inline
def _resistances(d, geometry):
    """Resistance of the slit ends and of the channel at rarefaction d, each with its derivative."""
    ends = 1.0 / (SLIT_MOLECULAR + SLIT_VISCOUS * d)
    ends_d = -SLIT_VISCOUS * ends * ends
    eps = geometry[6]
    root_taper = geometry[7]
    specular = geometry[13]
    molecular = geometry[8]
    molecular_d = 0.0
    for k in range(4):
        inverse = 1.0 / (d * root_taper + POLE[k] + eps)
        term = POLE_WEIGHT[k] * (1.0 + POLE_ACCOMMODATION[k] * specular) * inverse
        molecular += term
        molecular_d -= term * inverse * root_taper
    conductance = d * geometry[3] + molecular * geometry[4]
    conductance_d = geometry[3] + molecular_d * geometry[4]
    channel = geometry[2] / conductance
    return ends, ends_d, channel, -channel * conductance_d / conductance


@jit_inline
def _inertia(delta, thinning):
    """Share s of inertia that is left as the gas thins, and its derivative by delta."""
    root = math.sqrt(math.sqrt(delta))
    power = delta * root
    whole = power + thinning
    return power / whole, 1.25 * root * thinning / (whole * whole)


@jit_inline
def _turbulence(Re, geometry):
    """Turbulent friction ``N = S max(f - 96/Re, 0) lv/2`` beyond the laminar one, and its derivative by Re.

    f is Haaland's friction factor with the hydraulic diameter 2 h, S the share of turbulence near the
    onset. The maximum is smoothed over `ONSET_WIDTH`.
    """
    x2 = (Re / ONSET_REYNOLDS) * (Re / ONSET_REYNOLDS)
    if x2 < 1e-4:
        return 0.0, 0.0
    S = x2 * x2 / (1.0 + x2 * x2)
    S_re = 4.0 * S / ((1.0 + x2 * x2) * Re)
    clamped = max(Re, 100.0)
    argument = geometry[12] + 6.9 / clamped
    root = -HAALAND * math.log(argument)
    f = 1.0 / (root * root)
    f_re = -2.0 * f / root * HAALAND * 6.9 / (clamped * clamped * argument) if Re > 100.0 else 0.0
    laminar = 96.0 / Re
    laminar_re = -laminar / Re
    excess = f - laminar
    excess_re = f_re - laminar_re
    width = ONSET_WIDTH * laminar
    smooth = math.sqrt(excess * excess + width * width)
    smooth_re = (excess * excess_re + width * ONSET_WIDTH * laminar_re) / smooth
    positive = 0.5 * (excess + smooth)
    positive_re = 0.5 * (excess_re + smooth_re)
    half_path = geometry[5]
    return S * positive * half_path, (S_re * positive + S * positive_re) * half_path


@jit_inline
def _acceleration(g, r, a):
    """``E = 0.70 ln((g + a)/(g + a r^2))`` and its derivatives by g, r and a."""
    if not g + a > 0.0:  # nothing flows, and without a channel nothing rubs
        return 0.0 * (g + a), 0.0, 0.0, 0.0
    inverse_inlet = 1.0 / (g + a)
    inverse_outlet = 1.0 / (g + a * r * r)
    return (
        ACCELERATION * math.log((g + a) * inverse_outlet),
        ACCELERATION * (inverse_inlet - inverse_outlet),
        -ACCELERATION * 2.0 * a * r * inverse_outlet,
        ACCELERATION * (inverse_inlet - r * r * inverse_outlet),
    )
