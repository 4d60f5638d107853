"""What kernels are given: a plan shared by all samples, and the working memory of one sample.

Every number of a case that a person may set or draw stands in one vector, ``inputs``; the plan holds
the places ("slots") in it. Nothing here has a unit other than SI, or a name. Rows of a kind stand in
structured arrays: a call passes a dozen arrays, where one array for each field made compiling slow.
"""

from collections import namedtuple

import numpy as np

from .crack import N_GEOMETRY
from .jit import jit
from .opening import MOVING_CRACK

# kinds of volume
INTEGRATED = 0
HELD = 1
BOUNDARY = 2

# kinds of path; a seal given as a slot is a population of one crack
ORIFICE = 0
CRACKS = 1
SEAL = 2
HATCH = 3

# actions of events
SET_OPENING = 0
REPRESSURISE = 1
VENT = 2
PATCH = 3
START = 4
LOAD_CYCLES = 5

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

# places in Plan.settings
DURATION = 0
RTOL = 1
ATOL = 2
MAX_STEPS = 3
NOMINAL = 4
TIMED = 5
N_SETTINGS = 6

#: How to draw one number: a kind of `random`, its stream, and for each argument ``inputs[slot]`` where
#: the slot is not negative, else the value. A discrete choice has the start and the count of its rows in
#: ``Plan.choices`` as arguments.
DRAW = np.dtype([("kind", "i8"), ("stream", "i8"), ("value", "f8", (4,)), ("slot", "i8", (4,))])

#: A volume: kind, number among the integrated ones or -1, slots of its size [m3] (-1 for a boundary),
#: initial pressure [Pa] and temperature [K], and the component it starts with.
VOLUME = np.dtype(
    [
        ("kind", "i8"),
        ("state", "i8"),
        ("size", "i8"),
        ("pressure", "i8"),
        ("temperature", "i8"),
        ("component", "i8"),
    ]
)

#: A path: kind, the volumes it joins, and slots, -1 for what it has not. Of an orifice or a hatch: size,
#: discharge coefficient (-1 for Perry's curve) and opening (-1 if it is no valve), or C, b and m of ISO 6358;
#: of a seal, or a hatch that is shut: molecular and viscous conductance; of a population, or a seal that is a
#: slot: count; of these and of a hole: inlet loss. Then the population's first row among the draws of cracks,
#: whether the size is a diameter, and whether nothing flows before a `START`. Of a population that moves:
#: whether it does, whether its openings are elliptic, whether what has closed may open again, and the slots
#: of radius, wall and modulus of the shell, and of coefficient and exponent of Paris's law.
PATH = np.dtype(
    [("kind", "i8"), ("source", "i8"), ("sink", "i8"),
     ("size", "i8"), ("coefficient", "i8"), ("opening", "i8"), ("molecular", "i8"), ("viscous", "i8"),
     ("count", "i8"), ("inlet_loss", "i8"), ("iso", "i8", (3,)), ("crack_row", "i8"),
     ("is_diameter", "i8"), ("starts_later", "i8"), ("moves", "i8"), ("elliptic", "i8"), ("reopens", "i8"),
     ("elastic", "i8", (3,)), ("paris", "i8", (2,))]
)  # fmt: skip

#: An event: action, the path or volume it acts on, slots of its time and value (-1 none), component, and
#: slot of a second value: time in which a patch ages, stress range of load cycles.
EVENT = np.dtype(
    [("action", "i8"), ("target", "i8"), ("at", "i8"), ("value", "i8"), ("component", "i8"), ("second", "i8")]
)

#: A threshold: volume, slot of the pressure, +1 to rise above it or -1 to fall below it.
THRESHOLD = np.dtype([("volume", "i8"), ("level", "i8"), ("sign", "f8")])

#: A pressure that is wanted as an outcome: volume and time [s], times rising.
RECORD = np.dtype([("volume", "i8"), ("time", "f8")])

#: A volume of the sample at hand: size [m3], temperature [K], pressure [Pa] at the state last looked at,
#: and there gas constant, viscosity, gamma, critical pressure ratio and squared critical flow; gas put in
#: and let out by events [kg]; share of the gas of
#: its group, and the group: the first of the volumes that open hatches make one.
SAMPLE_VOLUME = np.dtype(
    [(name, "f8") for name in ("size", "temperature", "pressure", "gas_constant", "viscosity", "gamma",
                               "critical_ratio", "critical_flow2", "added", "vented", "share")]
    + [("group", "i8")]
)  # fmt: skip

#: A path of the sample at hand: fraction open; share of the flow that a patch may come back to, share that
#: it took, when it was put on and the time in which it ages [s]; 1 if started, and when [s]; 1 if an open
#: hatch closes a ring; full area [m2], and where its cracks stand in ``Sample.geometry`` and
#: ``Sample.moving``.
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
    ]
)

#: An event of the sample at hand, in the order of times: time [s], row in the plan.
SAMPLE_EVENT = np.dtype([("time", "f8"), ("row", "i8")])

Plan = namedtuple(
    "Plan",
    "draws crack_draws choices components volumes paths events thresholds records output_time settings "
    "max_cracks",
)
Plan.__doc__ = """A case as arrays.

draws : DRAW[I]
    Of the sample's inputs; an input may use those before it.
crack_draws : DRAW[rows]
    Of each crack; `N_CRACK_FIELDS` rows for each population.
choices : float64[n, 2]
    Values of the discrete distributions and their cumulative probabilities.
components : float64[K, 6]
    Mole fractions of the gases that a volume can hold, in the order of `gas.SPECIES`.
volumes, paths, events, thresholds, records : VOLUME[V], PATH[P], EVENT[E], THRESHOLD[T], RECORD[M]
output_time : float64[N]
    Times of the series, rising [s].
settings : float64[N_SETTINGS]
    Duration [s], rtol, atol [Pa], most steps, 1 to take every input of the sample at its median, and 1 if
    flows depend on time itself.
max_cracks : int64
    Room for the cracks of one sample.
"""

Sample = namedtuple(
    "Sample", "inputs geometry moving volumes paths events component_gas fractions flux clock"
)
Sample.__doc__ = """Working memory of one sample.

inputs : float64[I]
geometry : float64[max_cracks, N_GEOMETRY]
    Of `crack.crack_geometry`.
moving : MOVING_CRACK[max_cracks or 0]
    The cracks of populations that move, at rest.
volumes, paths, events : SAMPLE_VOLUME[V], SAMPLE_PATH[P], SAMPLE_EVENT[E]
component_gas : float64[K]
    Gas constant of each component [J/(kg K)].
fractions : float64[V, K]
    Mass fractions in each volume at the state last looked at.
flux : float64[P * K]
    Flow of each component through each path [kg/s].
clock : float64[1]
    Time [s].
"""


@jit
def new_sample(plan):
    """Allocate the working memory of one sample; reused from sample to sample."""
    volumes = plan.volumes.size
    components = plan.components.shape[0]
    moves = False
    for p in range(plan.paths.size):
        moves = moves or plan.paths[p]["moves"] > 0
    return Sample(
        np.zeros(plan.draws.size),
        np.zeros((plan.max_cracks, N_GEOMETRY)),
        np.zeros(plan.max_cracks if moves else 0, MOVING_CRACK),
        np.zeros(volumes, SAMPLE_VOLUME),
        np.zeros(plan.paths.size, SAMPLE_PATH),
        np.zeros(plan.events.size, SAMPLE_EVENT),
        np.zeros(components),
        np.zeros((volumes, components)),
        np.zeros(plan.paths.size * components),
        np.zeros(1),
    )


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
