"""Steps of RODAS of several samples side by side, each of its own length: those of `rosenbrock.step`.

A lane brings the slopes of its fluxes and the factors of its matrix, whose rows are exchanged once for all
stages; these are solved, as there, for the fluxes, so that every flux that leaves arrives.
"""

from .jit import jit
from .linear import factorise
from .model import fill
from .places import IMPLICIT
from .rate_lanes import add_flow, copy_row, rates_in_lanes
from .rosenbrock import GAMMA, STAGES, A, C, set_matrix
from .sample_lanes import ARGUMENT, ERROR, LANES, NEW, RATE, STATE, STEP_LENGTH, set_looked_at


@jit
def implicit_steps(plan, samples, lanes):
    """Take a step in every lane that waits for an implicit one.

    Parameters
    ----------
    plan : model.Plan
    samples : pack.Packs of model.Sample
    lanes : sample_lanes.Lanes
        With what `sample_lanes.put_step` and `put_system` put there. Output: what `take_implicit_step` takes.
    """
    n, count = lanes.content.shape[0], lanes.turn.size
    within = n - lanes.link.shape[0]
    for s in range(STAGES):
        if s == 0:
            for i in range(n):
                _start(lanes.content[i])
        else:
            for i in range(n if s >= STAGES - 2 else within):
                _set_argument(s, lanes.content[i], count)
            rates_in_lanes(plan, samples, lanes, IMPLICIT, ARGUMENT)
        for i in range(n):
            _add_stages(s, lanes.content[i], count)
        _solve(plan, lanes)
        for i in range(n):
            _keep_stage(s, lanes.content[i], count)
    for i in range(n):
        _set_end(lanes.content[i], count)


@jit
def put_system(plan, lanes, lane, h, work):
    """Give a lane the slopes of its step and their factors; False if the matrix is singular."""
    set_matrix(plan, 1.0 / (h * GAMMA), work)
    if not factorise(work.matrix, work.pivots):
        return False
    q, m = work.slopes.shape
    for i in range(q):
        work.flux[i] = i
    for i in range(q):
        other = work.pivots[i]
        work.flux[i], work.flux[other] = work.flux[other], work.flux[i]
    for i in range(q):
        block = lanes.system[i]
        row = int(work.flux[i])
        for j in range(q):
            block[j * LANES + lane] = work.matrix[i, j]
        block[i * LANES + lane] = 1.0 / work.matrix[i, i]
        for j in range(m):
            block[(q + j) * LANES + lane] = work.slopes[row, j]
    return True


@jit
def take_implicit_step(plan, sample, lanes, lane, work):
    """Take the step of a lane as `rosenbrock.step` leaves it."""
    set_looked_at(plan, sample, lanes, lane)
    for i in range(work.new.size):
        block = lanes.content[i]
        work.new[i] = block[NEW + lane]
        work.error[i] = block[ERROR + lane]
        for s in range(STAGES):
            work.stages[s, i] = block[(1 + s) * LANES + lane]


@jit
def _start(block):
    """Write the rates of the first stage, and no stage before it: their weights are zero."""
    for lane in range(LANES):
        block[RATE + lane] = block[lane]
    for k in range(LANES, STAGES * LANES):
        block[k] = 0.0


@jit
def _set_argument(s, block, count):
    """Write a content in the argument of stage s; the last adds the stage before to the argument before."""
    if s == STAGES - 1:
        for lane in range(count):
            block[ARGUMENT + lane] += block[(STAGES - 1) * LANES + lane]
        return
    a, b, c, d = A[s, 0], A[s, 1], A[s, 2], A[s, 3]
    for lane in range(count):
        total = a * block[LANES + lane] + b * block[2 * LANES + lane]
        total += c * block[3 * LANES + lane] + d * block[4 * LANES + lane]
        block[ARGUMENT + lane] = block[STATE + lane] + total


@jit
def _add_stages(s, block, count):
    """Add to the rates of stage s what the stages before count."""
    a, b, c, d, e = C[s, 0], C[s, 1], C[s, 2], C[s, 3], C[s, 4]
    for lane in range(count):
        total = a * block[LANES + lane] + b * block[2 * LANES + lane]
        total += c * block[3 * LANES + lane] + d * block[4 * LANES + lane]
        total += e * block[5 * LANES + lane]
        block[RATE + lane] += total / block[STEP_LENGTH + lane]


@jit
def _solve(plan, lanes):
    """Solve for the fluxes of a stage, and add what they move to its rates."""
    q, count = lanes.flux.shape
    n = lanes.content.shape[0]
    for i in range(q):
        flux, system = lanes.flux[i], lanes.system[i]
        fill(flux, 0.0)
        for j in range(n - q):
            _add_product(1.0, system, (q + j) * LANES, lanes.content[j], RATE, flux, count)
        for j in range(i):
            _add_product(-1.0, system, j * LANES, lanes.flux[j], 0, flux, count)
    for i in range(q - 1, -1, -1):
        flux, system = lanes.flux[i], lanes.system[i]
        for j in range(i + 1, q):
            _add_product(-1.0, system, j * LANES, lanes.flux[j], 0, flux, count)
        _multiply(system, i * LANES, flux, count)
    for k in range(q):
        source = -1
        if k < plan.paths.size:
            source = plan.volumes[plan.paths[k]["source"]]["state"]
            sink = plan.volumes[plan.paths[k]["sink"]]["state"]
        else:
            sink = plan.volumes[plan.feeds[k - plan.paths.size]["volume"]]["state"]
        if source >= 0:
            add_flow(-1.0, lanes.flux[k], 0, lanes.content[source], count)
        if sink >= 0:
            add_flow(1.0, lanes.flux[k], 0, lanes.content[sink], count)
        add_flow(1.0, lanes.flux[k], 0, lanes.content[n - q + k], count)


@jit
def _add_product(sign, system, row, other, at, flux, count):
    """Add to a flux one of its coefficients times another number."""
    for lane in range(count):
        flux[lane] += sign * (system[row + lane] * other[at + lane])


@jit
def _multiply(system, row, flux, count):
    """Multiply a flux with one of its coefficients."""
    for lane in range(count):
        flux[lane] *= system[row + lane]


@jit
def _keep_stage(s, block, count):
    """Keep a stage: the rates over the diagonal of the matrix."""
    for lane in range(count):
        block[RATE + lane] *= GAMMA * block[STEP_LENGTH + lane]
    copy_row(block, RATE, block, (1 + s) * LANES)


@jit
def _set_end(block, count):
    """Write the end of the step of a content; the last stage is its error."""
    for lane in range(count):
        error = block[STAGES * LANES + lane]
        block[ERROR + lane] = error
        block[NEW + lane] = block[ARGUMENT + lane] + error
