"""Steps of RODAS of several samples side by side, each of its own length: those of `rosenbrock.step`.

A lane brings the slopes of its fluxes and the factors of its matrix, whose rows are exchanged once for all
stages; these are solved, as there, for the fluxes, so that every flux that leaves arrives.
"""

from .jit import jit
from .linear import factorise
from .rate_lanes import rates_in_lanes
from .rosenbrock import GAMMA, STAGES, A, C, set_matrix
from .sample_lanes import ARGUMENT, ERROR, IMPLICIT, LANES, NEW, RATE, STATE, STEP_LENGTH, set_looked_at


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
    n = lanes.content.shape[0]
    within = n - lanes.link.shape[0]
    for s in range(STAGES):
        if s == 0:
            for i in range(n):
                _start(lanes.content[i])
        else:
            for i in range(n if s >= STAGES - 2 else within):
                _set_argument(s, lanes.content[i])
            rates_in_lanes(plan, samples, lanes, IMPLICIT, ARGUMENT)
        for i in range(n):
            _add_stages(s, lanes.content[i])
        _solve(plan, lanes)
        for i in range(n):
            _keep_stage(s, lanes.content[i])
    for i in range(n):
        _set_end(lanes.content[i])


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
            block[(1 + j) * LANES + lane] = work.matrix[i, j]
        block[(1 + i) * LANES + lane] = 1.0 / work.matrix[i, i]
        for j in range(m):
            block[(1 + q + j) * LANES + lane] = work.slopes[row, j]
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
def _set_argument(s, block):
    """Write a content in the argument of stage s; the last adds the stage before to the argument before."""
    if s == STAGES - 1:
        for lane in range(LANES):
            block[ARGUMENT + lane] += block[s * LANES + lane]
        return
    a, b, c, d = A[s, 0], A[s, 1], A[s, 2], A[s, 3]
    for lane in range(LANES):
        total = a * block[LANES + lane] + b * block[2 * LANES + lane]
        total += c * block[3 * LANES + lane] + d * block[4 * LANES + lane]
        block[ARGUMENT + lane] = block[STATE + lane] + total


@jit
def _add_stages(s, block):
    """Add to the rates of stage s what the stages before count."""
    a, b, c, d, e = C[s, 0], C[s, 1], C[s, 2], C[s, 3], C[s, 4]
    for lane in range(LANES):
        total = a * block[LANES + lane] + b * block[2 * LANES + lane]
        total += c * block[3 * LANES + lane] + d * block[4 * LANES + lane]
        total += e * block[5 * LANES + lane]
        block[RATE + lane] += total / block[STEP_LENGTH + lane]


@jit
def _solve(plan, lanes):
    """Solve for the fluxes of a stage, and add what they move to its rates."""
    q = lanes.system.shape[0]
    n = lanes.content.shape[0]
    for i in range(q):
        _clear(lanes.system[i])
        for j in range(n - q):
            _add_product(1.0, lanes.system[i], (1 + q + j) * LANES, lanes.content[j], RATE)
        for j in range(i):
            _add_product(-1.0, lanes.system[i], (1 + j) * LANES, lanes.system[j], 0)
    for i in range(q - 1, -1, -1):
        for j in range(i + 1, q):
            _add_product(-1.0, lanes.system[i], (1 + j) * LANES, lanes.system[j], 0)
        _multiply(lanes.system[i], (1 + i) * LANES)
    for k in range(q):
        source = -1
        if k < plan.paths.size:
            source = plan.volumes[plan.paths[k]["source"]]["state"]
            sink = plan.volumes[plan.paths[k]["sink"]]["state"]
        else:
            sink = plan.volumes[plan.feeds[k - plan.paths.size]["volume"]]["state"]
        if source >= 0:
            _add_flux(-1.0, lanes.system[k], lanes.content[source])
        if sink >= 0:
            _add_flux(1.0, lanes.system[k], lanes.content[sink])
        _add_flux(1.0, lanes.system[k], lanes.content[n - q + k])


@jit
def _clear(block):
    for lane in range(LANES):
        block[lane] = 0.0


@jit
def _add_product(sign, block, row, other, at):
    """Add to a flux one of its coefficients times another number."""
    for lane in range(LANES):
        block[lane] += sign * (block[row + lane] * other[at + lane])


@jit
def _multiply(block, row):
    for lane in range(LANES):
        block[lane] *= block[row + lane]


@jit
def _add_flux(sign, system, content):
    for lane in range(LANES):
        content[RATE + lane] += sign * system[lane]


@jit
def _keep_stage(s, block):
    """Keep a stage: the rates over the diagonal of the matrix."""
    at = (1 + s) * LANES
    for lane in range(LANES):
        block[at + lane] = block[RATE + lane] * (GAMMA * block[STEP_LENGTH + lane])


@jit
def _set_end(block):
    """Write the end of the step of a content; the last stage is its error."""
    for lane in range(LANES):
        error = block[STAGES * LANES + lane]
        block[ERROR + lane] = error
        block[NEW + lane] = block[ARGUMENT + lane] + error
