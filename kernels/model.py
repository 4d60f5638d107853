"""What kernels are given: a plan shared by all samples, and the working memory of one sample.

Every number of a case that a person may set or draw stands in one vector, ``inputs``; the plan holds
the places ("slots") in it. Nothing here has a unit other than SI, or a name. Rows of a kind stand in
structured arrays: a call passes a dozen arrays, where one array for each field made compiling slow.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .crack import N_GEOMETRY
from .crack_lanes import BLOCK, LANES, WORK
from .jit import jit
from .opening import MOVING_CRACK
from .pack import Pack

# kinds of volume
INTEGRATED = 0
HELD = 1
BOUNDARY = 2

# kinds of path; a seal given as a slot is a population of one crack
ORIFICE = 0
CRACKS = 1
SEAL = 2
HATCH = 3

# kinds of feed: a given rate, what a filter takes out, make-up to a set pressure, heat from the wall
RATE = 0
REMOVAL = 1
HOLD = 2
WALL = 3

# actions of events and of controls
SET_OPENING = 0
REPRESSURISE = 1
VENT = 2
PATCH = 3
START = 4
LOAD_CYCLES = 5
SET_TEMPERATURE = 6
SET_FEED = 7

# quantities that can be watched; the last three belong to a path or need the rates
PRESSURE = 0
TEMPERATURE = 1
PRESSURE_OVER_TEMPERATURE = 2
PARTIAL_PRESSURE = 3
PRESSURE_DROP = 4
PRESSURE_FALL = 5
FLOW = 6

#: What is drawn for each crack of a population, in the order of its rows among the draws.
CRACK_FIELDS = (
    "opening",
    "length",
    "depth",
    "tortuosity",
    "roughness",
    "taper",
    "accommodation",
    "compliance",
    "growth",
)
N_CRACK_FIELDS = 9

#: Cracks that are drawn side by side.
DRAWN = 64

# places in Plan.settings
DURATION = 0
RTOL = 1
ATOL = 2
MAX_STEPS = 3
NOMINAL = 4
TIMED = 5
THERMAL = 6
N_SETTINGS = 7

#: How to draw one number: a kind of `random`, its stream, and for each argument ``inputs[slot]`` where
#: the slot is not negative, else the value. A discrete choice has the start and the count of its rows in
#: ``Plan.choices`` as arguments.
DRAW = np.dtype([("kind", "i8"), ("stream", "i8"), ("value", "f8", (4,)), ("slot", "i8", (4,))])

#: A volume: kind, number among the integrated ones or -1, slots of its size [m3] (-1 for a boundary),
#: initial pressure [Pa] and temperature [K], the row of ``Plan.gases`` that it starts with; 1 if its
#: temperature follows from its energy; slot of the temperature of its wall (-1: the initial one), and where
#: the wall's cycles stand in ``Plan.cycles``. A volume without an energy balance has its wall's temperature.
VOLUME = np.dtype(
    [(name, "i8") for name in ("kind", "state", "size", "pressure", "temperature", "gas", "balanced", "wall",
                               "first_cycle", "cycles")]
)  # fmt: skip

#: A cycle of a wall's temperature: slots of amplitude [K], period [s] and time of a maximum [s].
CYCLE = np.dtype([("amplitude", "i8"), ("period", "i8"), ("peak", "i8")])

#: A path: kind, the volumes it joins, and slots, -1 for what it has not. Of an orifice or a hatch: size,
#: discharge coefficient (-1 for Perry's curve) and opening (-1 if it is no valve), or C, b and m of ISO 6358;
#: of a seal, or a hatch that is shut: molecular and viscous conductance; of a population, or a seal that is a
#: slot: count; of these and of a hole: inlet loss. Then the population's first row among the draws of cracks,
#: whether the size is a diameter, and whether nothing flows before a `START`. Of a population that moves:
#: whether it does, whether its openings are elliptic, whether what has closed may open again, and the slots
#: of radius, wall and modulus of the shell, and of coefficient and exponent of Paris's law. Of a seal: slots
#: of the contact stress without a pressure across it, the stress at which the conductances hold, the sealing
#: factor, and what a pressure drop adds to the stress; slots of area and thickness of an elastomer, and of
#: its permeability to each of `gas.SPECIES`.
PATH = np.dtype(
    [("kind", "i8"), ("source", "i8"), ("sink", "i8"),
     ("size", "i8"), ("coefficient", "i8"), ("opening", "i8"), ("molecular", "i8"), ("viscous", "i8"),
     ("count", "i8"), ("inlet_loss", "i8"), ("iso", "i8", (3,)), ("crack_row", "i8"),
     ("is_diameter", "i8"), ("starts_later", "i8"), ("moves", "i8"), ("elliptic", "i8"), ("reopens", "i8"),
     ("elastic", "i8", (3,)), ("paris", "i8", (2,)),
     ("contact", "i8", (4,)), ("membrane", "i8", (2,)), ("permeability", "i8", (6,))]
)  # fmt: skip

#: A feed of a volume: kind; volume; row of ``Plan.gases`` that it gives, or component that it removes; slot
#: of its rate [kg/s], flow [m3/s], set pressure [Pa] or wall conductance [W/K]; slots, -1 for none, of a
#: number that multiplies it, the temperature of what comes in [K], of a make-up its time constant [s] and
#: most rate [kg/s]; species whose partial pressure is held (-1: the pressure); slot of heat besides [W]; 1
#: if it runs from the start; +1, or -1 where the rate is taken out.
FEED = np.dtype(
    [(name, "i8") for name in ("kind", "volume", "gas", "value", "factor", "temperature", "time", "most",
                               "species", "heat", "runs")]
    + [("sign", "f8")]
)  # fmt: skip

#: A control: quantity watched, of which volume or path, species; slots of the levels at which it switches on
#: and off (-1: off as soon as the first no longer holds); action when on, its target, slot of its value (-1
#: none), row of ``Plan.gases`` and slot of the temperature of gas; what is set when off (SET_OPENING and
#: SET_FEED back to 0), 1 if it acts only once; slot of a delay of the action (-1 none); +1 to switch on above
#: the level, -1 below.
CONTROL = np.dtype(
    [(name, "i8") for name in ("quantity", "place", "species", "on", "off", "action", "target", "value",
                               "gas", "temperature", "releases", "once", "delay")]
    + [("sign", "f8")]
)  # fmt: skip

#: An event: action, the path, volume or feed it acts on, slots of its time and value (-1 none), row of
#: ``Plan.gases``, and slot of a second value: time in which a patch ages, stress range of load cycles,
#: temperature of gas that comes in.
EVENT = np.dtype(
    [("action", "i8"), ("target", "i8"), ("at", "i8"), ("value", "i8"), ("gas", "i8"), ("second", "i8")]
)

#: A threshold: volume, slot of the level, +1 to rise above it or -1 to fall below it; quantity and species.
THRESHOLD = np.dtype(
    [("volume", "i8"), ("level", "i8"), ("sign", "f8"), ("quantity", "i8"), ("species", "i8")]
)

#: What is wanted as an outcome at a time: volume and time [s], times rising; quantity and species.
RECORD = np.dtype([("volume", "i8"), ("time", "f8"), ("quantity", "i8"), ("species", "i8")])

#: What is kept as a series and at the end of the run: quantity, volume and species.
SERIES = np.dtype([("quantity", "i8"), ("volume", "i8"), ("species", "i8")])

#: A volume of the sample at hand: size [m3]; temperature [K] and pressure [Pa] at the state last looked at,
#: and there gas constant, viscosity, gamma, critical pressure ratio and squared critical flow, specific heat
#: at constant pressure [J/(kg K)], heat capacity of all the gas at constant volume [J/K], and the temperature
#: for which the properties stand; gas put in by events and controls, nitrogen in it less what was let out,
#: and gas let out [kg], and the energy of it [J]; heat taken up when the kind of its balance changed [J];
#: temperature of the wall without its cycles [K]; share of the gas of its group; heat capacity and
#: temperature of the trace of gas that is counted with its own [J/K, K], and the share of that which counts;
#: the group: the first of the volumes that open hatches make one; the volume whose wall gives it its
#: temperature, or -1 if that follows from its energy.
SAMPLE_VOLUME = np.dtype(
    [(name, "f8") for name in ("size", "temperature", "pressure", "gas_constant", "viscosity", "gamma",
                               "critical_ratio", "critical_flow2", "specific_heat", "heat_capacity",
                               "gas_temperature", "added", "nitrogen", "vented", "energy_added",
                               "energy_vented", "heat", "wall", "share", "trace",
                               "first_temperature", "scarcity")]
    + [("group", "i8"), ("keeper", "i8")]
)  # fmt: skip

#: A path of the sample at hand: fraction open; share of the flow that a patch may come back to, share that
#: it took, when it was put on and the time in which it ages [s]; 1 if started, and when [s]; 1 if an open
#: hatch closes a ring; full area [m2], and where its cracks stand in ``Sample.geometry`` and
#: ``Sample.moving``, 1 if they stand side by side in ``Sample.lanes``, and the index that their random
#: numbers are addressed by; of `table`: the end whose pressure it is of, its worst error, its lowest pressure
#: [Pa], and the temperatures for which it holds [K]; of `donors`: the end that gas comes from whatever the
#: pressures, 0 where they tell, and the end that was chosen; of `flows.set_limits`: the error that a step may
#: make in the difference of its pressures, over them.
SAMPLE_PATH = np.dtype(
    [
        ("opening", "f8"),
        ("factor", "f8"),
        ("patched", "f8"),
        ("patch_time", "f8"),
        ("ageing", "f8"),
        ("active", "f8"),
        ("started", "f8"),
        ("redundant", "i8"),
        ("area", "f8"),
        ("crack_start", "i8"),
        ("crack_count", "i8"),
        ("in_lanes", "i8"),
        ("noise", "u8"),
        ("table", "i8"),
        ("table_error", "f8"),
        ("table_low", "f8"),
        ("table_source", "f8"),
        ("table_sink", "f8"),
        ("donor", "i8"),
        ("chosen", "i8"),
        ("limit", "f8"),
    ]
)

#: Chebyshev nodes of a cell of a table, an even number, and cells of a path: a third of them wide ones.
NODES = 16
CELLS = 24

#: A cell of a table: what it is, its estimated error over the largest flow in it, and its coefficients.
CELL = np.dtype([("kind", "i8"), ("error", "f8"), ("coefficient", "f8", (NODES,))])

#: A feed of the sample at hand: 1 if it runs, and the number that multiplies it.
SAMPLE_FEED = np.dtype([("runs", "f8"), ("factor", "f8")])

#: A control of the sample at hand: 1 if on, when its action is due [s], how often it acted, and when first.
SAMPLE_CONTROL = np.dtype([("on", "i8"), ("due", "f8"), ("count", "f8"), ("first", "f8")])

#: An event of the sample at hand, in the order of times: time [s], row in the plan.
SAMPLE_EVENT = np.dtype([("time", "f8"), ("row", "i8")])


class Plan(Pack):
    """A case as arrays.

    draws : DRAW[I]
        Of the sample's inputs; an input may use those before it.
    crack_draws : DRAW[rows]
        Of each crack; `N_CRACK_FIELDS` rows for each population.
    choices : float64[n, 2]
        Values of the discrete distributions and their cumulative probabilities.
    components : float64[K, 6]
        Mole fractions of the gases that a volume can hold, in the order of `gas.SPECIES`.
    gases : float64[G, K]
        Mass fractions of the components in each gas that a volume starts with or is given.
    volumes, cycles, paths, feeds : VOLUME[V], CYCLE[], PATH[P], FEED[S]
    controls, events, thresholds, records, series : CONTROL[C], EVENT[E], THRESHOLD[T], RECORD[M], SERIES[Q]
    output_time : float64[N]
        Times of the series, rising [s].
    settings : float64[N_SETTINGS]
        Duration [s], rtol, atol [Pa], most steps, 1 to take every input of the sample at its median, 1 if
        flows depend on time itself, and 1 if the energy of volumes is followed.
    max_cracks : int64
        Room for the cracks of one sample.
    """

    draws: NDArray[Any]
    crack_draws: NDArray[Any]
    choices: NDArray[Any]
    components: NDArray[Any]
    gases: NDArray[Any]
    volumes: NDArray[Any]
    cycles: NDArray[Any]
    paths: NDArray[Any]
    feeds: NDArray[Any]
    controls: NDArray[Any]
    events: NDArray[Any]
    thresholds: NDArray[Any]
    records: NDArray[Any]
    series: NDArray[Any]
    output_time: NDArray[Any]
    settings: NDArray[Any]
    max_cracks: int


class Points(Pack):
    """Where a design puts the samples of a block, a row for each; a field of no rows leaves all to chance.

    u : float64[n, I]
        Where in its distribution each input is, from 0 to 1; NaN where it is drawn at random.
    values : float64[n, I]
        The inputs themselves, in SI; NaN where they follow from ``u``.
    noise : uint64[n, P]
        For each path the index that takes the place of the sample's in the random numbers of its cracks.
    """

    u: NDArray[Any]
    values: NDArray[Any]
    noise: NDArray[Any]


#: Points of samples that are all drawn at random.
NO_POINTS = Points(np.zeros((0, 0)), np.zeros((0, 0)), np.zeros((0, 0), np.uint64))


class Sample(Pack):
    """Working memory of one sample.

    inputs : float64[I]
    geometry : float64[max_cracks, N_GEOMETRY]
        Of `crack.crack_geometry`.
    drawn : float64[N_CRACK_FIELDS * DRAWN]
        Cracks as they are drawn, of `draw_lanes`.
    moving : MOVING_CRACK[max_cracks or 0]
        The cracks of populations that move, at rest.
    volumes, paths, feeds : SAMPLE_VOLUME[V], SAMPLE_PATH[P], SAMPLE_FEED[S]
    controls, events : SAMPLE_CONTROL[C], SAMPLE_EVENT[E]
    component_gas, component_heat : float64[K]
        Gas constant and specific heat at constant volume of each component [J/(kg K)].
    fractions : float64[V, K]
        Mass fractions in each volume at the state last looked at.
    flux : float64[(P + S) * C]
        Flow of each component [kg/s], and of energy [W] if followed, through each path, then of each feed.
    cells : CELL[P * CELLS or 0]
        Tables of the flow of populations.
    order : int64[max_cracks]; lanes : float64[blocks * crack_lanes.BLOCK]; work : float64[crack_lanes.WORK]
        Of the crack law in lanes: the order of the cracks, their numbers, and its working memory.
    through, excess : float64[(P + S) * C], float64[V, C]; hatches, waiting : int64[V], int64[P]
        Working memory of `hatches`.
    clock : float64[1], aside : int64[1]: time [s], and 1 while looking at what is only to be written
    """

    inputs: NDArray[Any]
    geometry: NDArray[Any]
    drawn: NDArray[Any]
    moving: NDArray[Any]
    volumes: NDArray[Any]
    paths: NDArray[Any]
    feeds: NDArray[Any]
    controls: NDArray[Any]
    events: NDArray[Any]
    component_gas: NDArray[Any]
    component_heat: NDArray[Any]
    fractions: NDArray[Any]
    flux: NDArray[Any]
    cells: NDArray[Any]
    order: NDArray[Any]
    lanes: NDArray[Any]
    work: NDArray[Any]
    through: NDArray[Any]
    excess: NDArray[Any]
    hatches: NDArray[Any]
    waiting: NDArray[Any]
    clock: NDArray[Any]
    aside: NDArray[Any]


def new_sample(plan: Plan) -> Sample:
    """Allocate the working memory of one sample; reused from sample to sample (Python)."""
    volumes = plan.volumes.size
    components = plan.components.shape[0]
    moves = bool(np.any(plan.paths["moves"]))
    return Sample(
        inputs=np.zeros(plan.draws.size),
        geometry=np.zeros((plan.max_cracks, N_GEOMETRY)),
        drawn=np.zeros(N_CRACK_FIELDS * DRAWN),
        moving=np.zeros(plan.max_cracks if moves else 0, MOVING_CRACK),
        volumes=np.zeros(volumes, SAMPLE_VOLUME),
        paths=np.zeros(plan.paths.size, SAMPLE_PATH),
        feeds=np.zeros(plan.feeds.size, SAMPLE_FEED),
        controls=np.zeros(plan.controls.size, SAMPLE_CONTROL),
        events=np.zeros(plan.events.size, SAMPLE_EVENT),
        component_gas=np.zeros(components),
        component_heat=np.zeros(components),
        fractions=np.zeros((volumes, components)),
        flux=np.zeros(sizes(plan)[2]),
        cells=np.zeros(plan.paths.size * CELLS if np.any(plan.paths["kind"] == CRACKS) else 0, CELL),
        order=np.zeros(plan.max_cracks, np.int64),
        lanes=np.zeros((plan.max_cracks // LANES + plan.paths.size) * BLOCK),
        work=np.zeros(WORK),
        through=np.zeros(sizes(plan)[2]),
        excess=np.zeros((volumes, sizes(plan)[2] // max(plan.paths.size + plan.feeds.size, 1))),
        hatches=np.zeros(volumes, np.int64),
        waiting=np.zeros(plan.paths.size, np.int64),
        clock=np.zeros(1),
        aside=np.zeros(1, np.int64),
    )


def sizes(plan: Plan) -> tuple[int, int, int]:
    """Return the counts of unknowns in volumes, of all unknowns, and of fluxes (Python)."""
    thermal = plan.settings[THERMAL] > 0.0
    contents = plan.components.shape[0] + int(thermal)
    links = plan.paths.size + plan.feeds.size
    inside = contents * int(np.count_nonzero(plan.volumes["kind"] == INTEGRATED))
    return inside, inside + links * (2 if thermal else 1), links * contents


@jit
def contents_per_volume(plan):
    """Count what is followed in each volume, C: the components, and its energy where that is."""
    return plan.components.shape[0] + (1 if plan.settings[THERMAL] > 0.0 else 0)


@jit
def n_contents(plan):
    """Count the unknowns that volumes contain: integrated volumes times C."""
    count = 0
    for v in range(plan.volumes.size):
        if plan.volumes[v]["kind"] == INTEGRATED:
            count += 1
    return count * contents_per_volume(plan)


@jit
def n_passed(plan):
    """Count the unknowns that have passed paths and feeds: mass, and energy where that is followed."""
    return (plan.paths.size + plan.feeds.size) * (2 if plan.settings[THERMAL] > 0.0 else 1)


@jit
def fill(array, value):
    """Set every element of a float64[n] to a value."""
    for i in range(array.size):
        array[i] = value


@jit
def copy(target, source):
    """Copy float64[n] into another of the same length."""
    for i in range(target.size):
        target[i] = source[i]
