"""Flow through the paths between volumes, at the pressures and temperatures last looked at."""

import math

from .crack import SLIT_VISCOUS
from .gas import MOLAR_MASS, N_SPECIES
from .jit import jit, jit_rare
from .model import BOUNDARY, CRACKS, HATCH, ORIFICE, SEAL
from .opening import SHUT, length_at, note_closure, opening_at
from .orifice import (
    ISO_CORNER,
    PERRY,
    iso_flow_slopes,
    laminar_coefficient,
    laminar_part,
    thick_hole_slopes,
)
from .population import population_flow, population_flow_slopes
from .seal import contact_factor, fits_contact, seal_flow, seal_flow_slopes
from .table import forget_table, start_table, table_flow, table_flow_slopes
from .volumes import donor, path_total

# pressures that may meet within a step: their difference over the larger one. The tolerance then, over the
# width in which the flow turns around, or over the difference that is left; and the width above which no step
# stumbles over it
_NEAR = 0.01
_TIGHT_TURN = 0.3
_TIGHT_DROP = 1e-2
_SHARP_TURN = 1e-5
# paths that have a bit of their own in `regimes`
_BITS = 31
# inertia of a crack in `width_of_turn`: nozzle, inlet of a sharp edge and outlet
_INERTIA = 2.7


@jit_rare
def start_path(plan, sample, p):
    """Set path p to the start of a run; False if it cannot be."""
    sample.paths[p]["factor"] = 1.0
    sample.paths[p]["started"] = 0.0
    sample.paths[p]["patched"] = 0.0
    sample.paths[p]["patch_time"] = 0.0
    sample.paths[p]["ageing"] = math.inf
    sample.paths[p]["active"] = 0.0 if plan.paths[p]["starts_later"] else 1.0
    sample.paths[p]["opening"] = 1.0
    sample.paths[p]["area"] = 0.0
    sample.paths[p]["in_lanes"] = 0
    sample.paths[p]["donor"] = 0
    sample.paths[p]["chosen"] = 0
    start_table(plan, sample, p)
    path = plan.paths[p]
    possible = True
    if path["size"] >= 0:
        size = sample.inputs[path["size"]]
        sample.paths[p]["area"] = 0.25 * math.pi * size * size if path["is_diameter"] else size
        coefficient = sample.inputs[path["coefficient"]] if path["coefficient"] >= 0 else 1.0
        possible = size >= 0.0 and 0.0 < coefficient <= 1.0
    if path["opening"] >= 0:
        sample.paths[p]["opening"] = sample.inputs[path["opening"]]
        possible = possible and 0.0 <= sample.paths[p]["opening"] <= 1.0
    if path["iso"][0] >= 0:
        C, b, m = sample.inputs[path["iso"][0]], sample.inputs[path["iso"][1]], sample.inputs[path["iso"][2]]
        possible = C >= 0.0 and 0.0 <= b < 1.0 and 0.0 < m <= 1.0
    if path["inlet_loss"] >= 0:
        possible = possible and 0.0 <= sample.inputs[path["inlet_loss"]] < math.inf
    if path["molecular"] >= 0:
        molecular, viscous = conductances(plan, sample, p)
        possible = possible and 0.0 <= molecular < math.inf and 0.0 <= viscous < math.inf
    if path["contact"][0] >= 0:
        possible = possible and sample.inputs[path["contact"][2]] > 0.0
    if path["membrane"][0] >= 0:
        area, thickness = sample.inputs[path["membrane"][0]], sample.inputs[path["membrane"][1]]
        possible = possible and 0.0 <= area < math.inf and thickness > 0.0
    return possible and fits_wall(plan, sample, p, 0.0)


@jit_rare
def fits_law(plan, sample, p):
    """Whether the law of the contact stress holds for path p, by the pressures of the start."""
    slots = plan.paths[p]["contact"]
    if slots[0] < 0:
        return True
    pressure = sample.volumes[plan.paths[p]["source"]]["pressure"]
    pressure = max(pressure, sample.volumes[plan.paths[p]["sink"]]["pressure"])
    inputs = sample.inputs
    return fits_contact(pressure, inputs[slots[1]], inputs[slots[2]], inputs[slots[3]])


@jit_rare
def fits_wall(plan, sample, p, age):
    """Whether path p's opening is smaller than the wall: than the least surface that its volumes can have.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    p : int
    age : float
        Time for which cracks have grown [s].
    """
    size = sample.volumes[plan.paths[p]["source"]]["size"]
    size = min(size, sample.volumes[plan.paths[p]["sink"]]["size"])
    if not size < math.inf:
        return True
    wall = (36.0 * math.pi * size * size) ** (1.0 / 3.0)
    open_area = sample.paths[p]["area"]
    if plan.paths[p]["count"] >= 0:
        first = sample.paths[p]["crack_start"]
        for i in range(first, first + sample.paths[p]["crack_count"]):
            if plan.paths[p]["moves"] > 0:
                drop = sample.volumes[plan.paths[p]["source"]]["pressure"]
                drop -= sample.volumes[plan.paths[p]["sink"]]["pressure"]
                open_area += opening_at(sample.moving[i], drop, age) * length_at(sample.moving[i], age)
            else:
                open_area += sample.geometry[i, 1]
    return open_area <= wall


@jit
def path_flow(plan, sample, p):
    """Flow of path p [kg/s] at the pressures last looked at.

    Patches and openings count; whether the path has started does not. What goes through an open hatch is
    no function of the pressures: here it is zero, and `hatches.settle` finds it.
    """
    return patch_factor(sample, p) * bare_flow(plan, sample, p)


@jit
def bare_flow(plan, sample, p):
    """`path_flow` without patches.

    A volume may be short of gas by less than its tolerance. Through a hole or crack it takes back what it
    would lose into vacuum with as much too much: it is as fast to come back to zero as to fall to it,
    whatever gas there is on the other side.
    """
    p_up = sample.volumes[plan.paths[p]["source"]]["pressure"]
    p_down = sample.volumes[plan.paths[p]["sink"]]["pressure"]
    kind = path_law(plan, sample, p)
    flow = 0.0
    if kind in (CRACKS, ORIFICE):
        flow = _hole_flow(plan, sample, p, kind, max(p_up, 0.0), max(p_down, 0.0))
        if min(p_up, p_down) < 0.0:
            flow += _hole_flow(plan, sample, p, kind, max(-p_down, 0.0), max(-p_up, 0.0))
    elif kind == SEAL:
        molecular, viscous = conductances(plan, sample, p)
        pressed = _contact(plan, sample, p, p_up - p_down)[0]
        flow = pressed * seal_flow(p_up, p_down, molecular, viscous)
    return flow


@jit
def may_pass(plan, sample, p):
    """Whether path p has started, and no open hatch makes its two volumes one, of one pressure and gas."""
    source = sample.volumes[plan.paths[p]["source"]]["group"]
    return sample.paths[p]["active"] > 0.0 and source != sample.volumes[plan.paths[p]["sink"]]["group"]


@jit
def has_plain_seal(plan, sample, p):
    """Whether path p is a seal whose conductances do not depend on the pressure across it."""
    return plan.paths[p]["contact"][0] < 0 and path_law(plan, sample, p) == SEAL


@jit
def path_flow_slopes(plan, sample, p):
    """Return `path_flow` and its derivatives by the pressures of the two ends [kg/s, kg/(s Pa)]."""
    p_up = sample.volumes[plan.paths[p]["source"]]["pressure"]
    p_down = sample.volumes[plan.paths[p]["sink"]]["pressure"]
    kind = path_law(plan, sample, p)
    flow, by_up, by_down = 0.0, 0.0, 0.0
    if kind in (CRACKS, ORIFICE):
        flow, by_up, by_down = _hole_slopes(plan, sample, p, kind, max(p_up, 0.0), max(p_down, 0.0))
        if min(p_up, p_down) < 0.0:
            back, by_down_short, by_up_short = _hole_slopes(
                plan, sample, p, kind, max(-p_down, 0.0), max(-p_up, 0.0)
            )
            flow += back
            by_up = by_up if p_up >= 0.0 else -by_up_short
            by_down = by_down if p_down >= 0.0 else -by_down_short
    elif kind == SEAL:
        molecular, viscous = conductances(plan, sample, p)
        flow, by_up, by_down = seal_flow_slopes(p_up, p_down, molecular, viscous)
        pressed, by_drop = _contact(plan, sample, p, p_up - p_down)
        by_up = pressed * by_up + by_drop * flow
        by_down = pressed * by_down - by_drop * flow
        flow *= pressed
    weight = patch_factor(sample, p)
    return weight * flow, weight * by_up, weight * by_down


@jit
def conductances(plan, sample, p):
    """Molecular and viscous conductance of the seal of path p [m s, m s/Pa]."""
    return sample.inputs[plan.paths[p]["molecular"]], sample.inputs[plan.paths[p]["viscous"]]


@jit
def path_law(plan, sample, p):
    """Which law path p follows: a hatch that is shut is a seal, one ajar an orifice, an open one none."""
    kind = plan.paths[p]["kind"]
    if kind != HATCH:
        return kind
    opening = sample.paths[p]["opening"]
    if opening >= 1.0:
        return HATCH
    if opening > 0.0:
        return ORIFICE
    return CRACKS if plan.paths[p]["count"] >= 0 else SEAL


@jit
def orifice_numbers(plan, sample, p):
    """Return what the law of path p, an orifice, takes: how large it is, as far as it is open, and the rest.

    Returns
    -------
    size : float
        Area [m2], or sonic conductance of ISO 6358 [m3/(s Pa)].
    discharge_coefficient, inlet_loss : float
    critical_ratio, subsonic_index : float
        b and m of ISO 6358.
    """
    path = plan.paths[p]
    opening = sample.paths[p]["opening"]
    if path["iso"][0] >= 0:
        C, b, m = sample.inputs[path["iso"][0]], sample.inputs[path["iso"][1]], sample.inputs[path["iso"][2]]
        return opening * C, 1.0, 0.0, b, m
    Cd = sample.inputs[path["coefficient"]] if path["coefficient"] >= 0 else PERRY
    loss = sample.inputs[path["inlet_loss"]] if path["inlet_loss"] >= 0 else 0.0
    return opening * sample.paths[p]["area"], Cd, loss, 0.0, 1.0


@jit
def quick_flow(plan, sample, p):
    """`path_flow` by the table of path p where it has one that is good enough."""
    flow, fit = table_flow(plan, sample, p)
    return patch_factor(sample, p) * flow if fit else path_flow(plan, sample, p)


@jit
def quick_flow_slopes(plan, sample, p):
    """`path_flow_slopes` by the table of path p where it has one that is good enough."""
    flow, by_source, by_sink, fit = table_flow_slopes(plan, sample, p)
    if not fit:
        return path_flow_slopes(plan, sample, p)
    weight = patch_factor(sample, p)
    return weight * flow, weight * by_source, weight * by_sink


@jit
def permeance(plan, sample, p, c):
    """Flow of component c through the elastomer of path p over its partial pressure across it [kg/(s Pa)].

    The composition of a component made of several species is kept: they are not separated.
    """
    row = plan.paths[p]
    if row["membrane"][0] < 0 or (row["kind"] == HATCH and sample.paths[p]["opening"] > 0.0):
        return 0.0
    total = 0.0
    for i in range(N_SPECIES):
        if plan.components[c, i] > 0.0 and row["permeability"][i] >= 0:
            total += plan.components[c, i] * MOLAR_MASS[i] * sample.inputs[row["permeability"][i]]
    shape = sample.inputs[row["membrane"][0]] / sample.inputs[row["membrane"][1]]
    return patch_factor(sample, p) * shape * total


@jit
def patch_factor(sample, p):
    """Share of path p's flow that its patches leave at the sample's clock; a patch may age."""
    path = sample.paths[p]
    left = path["patched"]
    if left > 0.0 and path["ageing"] < math.inf:
        left *= math.exp(-(sample.clock[0] - path["patch_time"]) / path["ageing"])
    return path["factor"] * (1.0 - left)


@jit
def follow_cracks(plan, sample):
    """Mark the moving cracks that have closed at the pressures last looked at, unless they may reopen.

    Returns
    -------
    bool
        False if the cracks have outgrown their wall.
    """
    fit = True
    for p in range(plan.paths.size):
        there = sample.paths[p]["active"] > 0.0
        if there and plan.paths[p]["moves"] > 0 and plan.paths[p]["reopens"] == 0:
            source = sample.volumes[plan.paths[p]["source"]]["pressure"]
            drop = source - sample.volumes[plan.paths[p]["sink"]]["pressure"]
            age = sample.clock[0] - sample.paths[p]["started"]
            first = sample.paths[p]["crack_start"]
            for i in range(first, first + sample.paths[p]["crack_count"]):
                was = sample.moving[i]["shut"]
                note_closure(sample.moving[i], drop, age)
                if was != SHUT and sample.moving[i]["shut"] == SHUT:
                    forget_table(sample, p)
        if there and plan.paths[p]["moves"] > 0:
            fit = fit and fits_wall(plan, sample, p, sample.clock[0] - sample.paths[p]["started"])
    return fit


@jit
def regimes(plan, sample):
    """Tell which flows are choked or turned, seals lifted and cracks shut, at the pressures last looked at.

    Where a flow begins to choke, but into a perfect vacuum, its curvature leaps; where a seal lifts its slope
    does, and that of a hole or a crack where it turns around, within a hair. Through a crack that is
    shut nothing flows. Flows between the same volumes turn around at once, whichever way they are listed.

    Returns
    -------
    choked, turned : int
        A bit for each path; above these, of what turned, how many cracks are shut.
    """
    choked, turned = 0, 0
    for p in range(plan.paths.size):
        law = path_law(plan, sample, p)
        if not may_pass(plan, sample, p):
            continue
        a = plan.paths[p]["source"]
        b = plan.paths[p]["sink"]
        pa = sample.volumes[a]["pressure"]
        pb = sample.volumes[b]["pressure"]
        if law in (ORIFICE, CRACKS):
            ratio = sample.volumes[a if pa >= pb else b]["critical_ratio"]
            if plan.paths[p]["iso"][0] >= 0:
                ratio = sample.inputs[plan.paths[p]["iso"][1]]
            choked |= 1 << p % _BITS if 0.0 < min(pa, pb) < ratio * max(pa, pb) else 0
            turned |= 1 << p % _BITS if (pa > pb if a < b else pb > pa) else 0
            if law == CRACKS and plan.paths[p]["moves"] > 0:
                turned += (p + 1) * _cracks_shut(plan, sample, p, pa - pb) << _BITS
        elif law == SEAL and plan.paths[p]["contact"][0] >= 0:
            turned |= 1 << p % _BITS if _contact(plan, sample, p, pa - pb)[1] == 0.0 else 0
    return choked, turned


@jit
def _cracks_shut(plan, sample, p, drop):
    """How many cracks of path p, which move, are shut at a drop."""
    shut = 0
    first = sample.paths[p]["crack_start"]
    age = sample.clock[0] - sample.paths[p]["started"]
    for i in range(first, first + sample.paths[p]["crack_count"]):
        shut += 1 if opening_at(sample.moving[i], drop, age) == 0.0 else 0
    return shut


@jit
def set_limits(plan, sample):
    """Set what errors of the difference of two pressures a step may make, and return whether any is limited.

    Where two pressures, last looked at, are within one per cent, the flow through a hole or a crack may turn
    around within a width that errors of that size would throw the pressures across. As long as they are
    further apart than that, errors well below their difference do not.
    """
    limited = False
    for p in range(plan.paths.size):
        limit = math.inf
        law = path_law(plan, sample, p)
        if law in (ORIFICE, CRACKS) and may_pass(plan, sample, p):
            pa = sample.volumes[plan.paths[p]["source"]]["pressure"]
            pb = sample.volumes[plan.paths[p]["sink"]]["pressure"]
            left = abs(pa - pb) / max(pa, pb) if pa != pb else 0.0
            if left < _NEAR:
                turn = width_of_turn(plan, sample, p) if law == CRACKS else width_of_hole(plan, sample, p)
                if turn < _SHARP_TURN:
                    limit = max(_TIGHT_TURN * turn, _TIGHT_DROP * left)
        sample.paths[p]["limit"] = limit
        limited = limited or limit < math.inf
    return limited


@jit
def width_of_hole(plan, sample, p):
    """Pressure difference over the pressure below which the flow of a hole is linear; infinite of a shut one.

    It is ``(b r)^2/2`` over ``1 + K``, of the law in `orifice`; parts by ISO 6358 are bent by hand.
    """
    size, _, loss, _, _ = orifice_numbers(plan, sample, p)
    if not size > 0.0:
        return math.inf
    if plan.paths[p]["iso"][0] >= 0:
        return ISO_CORNER
    a = plan.paths[p]["source"]
    b = plan.paths[p]["sink"]
    gas = sample.volumes[a if sample.volumes[a]["pressure"] >= sample.volumes[b]["pressure"] else b]
    part = laminar_part(gas["gas_constant"] * gas["temperature"], gas["viscosity"], size)
    laminar = laminar_coefficient(gas["pressure"], part)
    return 0.5 * laminar * laminar / (1.0 + loss)


@jit
def width_of_turn(plan, sample, p):
    """Pressure difference over the pressure below which the widest crack of path p is linear.

    Near equal pressures ``C g^2 + B g = X`` (`crack`), X twice the difference: friction rules below
    ``X = B^2/(4 C)``, where B is that of slit ends and of a channel of viscous gas, which falls with the
    pressure and with the square of the opening. A crack that moves is taken without its channel.
    """
    a = plan.paths[p]["source"]
    b = plan.paths[p]["sink"]
    drop = sample.volumes[a]["pressure"] - sample.volumes[b]["pressure"]
    gas = sample.volumes[a if drop >= 0.0 else b]
    speed = math.sqrt(2.0 * gas["gas_constant"] * gas["temperature"])
    friction = math.inf
    first = sample.paths[p]["crack_start"]
    for i in range(first, first + sample.paths[p]["crack_count"]):
        if plan.paths[p]["moves"] > 0:
            opening = opening_at(sample.moving[i], drop, sample.clock[0] - sample.paths[p]["started"])
            channel = 0.0
        else:
            opening = sample.geometry[i, 0]
            channel = sample.geometry[i, 2] / sample.geometry[i, 3]
        delta = gas["pressure"] * opening / (gas["viscosity"] * speed)
        friction = min(friction, 2.0 * math.sqrt(2.0) * (1.0 / SLIT_VISCOUS + channel) / delta)
    return friction * friction / (8.0 * _INERTIA)


@jit
def overboard_flow(plan, sample):
    """Net flow into the boundaries [kg/s] at the state whose `rates` were last taken."""
    total = 0.0
    for p in range(plan.paths.size):
        out = plan.volumes[plan.paths[p]["sink"]]["kind"] == BOUNDARY
        back = plan.volumes[plan.paths[p]["source"]]["kind"] == BOUNDARY
        if out != back:
            total += path_total(plan, sample, p) if out else -path_total(plan, sample, p)
    return total


@jit
def _hole_flow(plan, sample, p, kind, p_up, p_down):
    """Flow of a hole or of cracks at two pressures, zero or above."""
    if kind == CRACKS:
        return population_flow(plan, sample, p, p_up, p_down)
    return _orifice_slopes(plan, sample, p, p_up, p_down)[0]


@jit
def _hole_slopes(plan, sample, p, kind, p_up, p_down):
    """`_hole_flow` and its derivatives by the two pressures."""
    if kind == CRACKS:
        return population_flow_slopes(plan, sample, p, p_up, p_down)
    return _orifice_slopes(plan, sample, p, p_up, p_down)


@jit
def _orifice_slopes(plan, sample, p, p_up, p_down):
    """Flow of an orifice and its slopes: by its area, or by what ISO 6358 measured of it."""
    path = plan.paths[p]
    gas = sample.volumes[donor(plan, sample, p, p_up >= p_down)]
    T, R, mu, gamma = gas["temperature"], gas["gas_constant"], gas["viscosity"], gas["gamma"]
    size, Cd, loss, b, m = orifice_numbers(plan, sample, p)
    if path["iso"][0] >= 0:
        return iso_flow_slopes(p_up, p_down, T, R, size, b, m)
    return thick_hole_slopes(p_up, p_down, T, R, mu, gamma, size, Cd, loss)


@jit
def _contact(plan, sample, p, drop):
    """Share of a seal's conductance at the stress that a pressure drop leaves, and its slope by the drop."""
    slots = plan.paths[p]["contact"]
    if slots[0] < 0:
        return 1.0, 0.0
    inputs = sample.inputs
    return contact_factor(drop, inputs[slots[0]], inputs[slots[1]], inputs[slots[2]], inputs[slots[3]])
