"""One step of DOP853: twelve stages, order 8(5, 3), explicit, dense output of order 7.

Where nothing is stiff it takes a sixth of the steps of `rosenbrock`, and none of its linear algebra. What
it adds up are rates of which every kilogram that leaves one volume arrives in another: mass is kept to
rounding here too.

Source
------
Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I (1993), sec. II.5 (order 8, error), II.6
(dense output); the detection of stiffness: Hairer and Wanner, Solving ODE II, sec. IV.2.
"""

import math

import numpy as np

from .elementary import exp, log
from .jit import jit, jit_inline
from .model import copy
from .network import rates

ORDER = 8
STAGES = 12
# rows of Work.stages: the stages, the rates at the end of the step, three more for the dense output
ROWS = 16
# the estimate is of order 7 at best: what it is raised by, so that errors add up to less than the tolerance
_CAUTION = 3.0
# least error of order 5 that is believed, over what that of order 3 tells of it: in a smooth step it is as
# much or more, but it passes zero at some length, and dense output, of order 7, has no estimate of its own
_LEAST = 0.15

C = np.array([
    0.0, 0.05260015195876773, 0.0789002279381516, 0.1183503419072274, 0.2816496580927726,
    0.3333333333333333, 0.25, 0.3076923076923077, 0.6512820512820513, 0.6, 0.8571428571428571, 1.0, 1.0,
    0.1, 0.2, 0.7777777777777778,
])  # fmt: skip
A = np.array([
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.05260015195876773, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0197250569845379, 0.0591751709536137, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
     0.0, 0.0],
    [0.02958758547680685, 0.0, 0.08876275643042054, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
     0.0, 0.0],
    [0.2413651341592667, 0.0, -0.8845494793282861, 0.924834003261792, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
     0.0, 0.0, 0.0, 0.0, 0.0],
    [0.037037037037037035, 0.0, 0.0, 0.17082860872947386, 0.12546768756682242, 0.0, 0.0, 0.0, 0.0, 0.0,
     0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.037109375, 0.0, 0.0, 0.17025221101954405, 0.06021653898045596, -0.017578125, 0.0, 0.0, 0.0, 0.0,
     0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.03709200011850479, 0.0, 0.0, 0.17038392571223998, 0.10726203044637328, -0.015319437748624402,
     0.008273789163814023, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.6241109587160757, 0.0, 0.0, -3.3608926294469414, -0.868219346841726, 27.59209969944671,
     20.154067550477894, -43.48988418106996, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.47766253643826434, 0.0, 0.0, -2.4881146199716677, -0.590290826836843, 21.230051448181193,
     15.279233632882423, -33.28821096898486, -0.020331201708508627, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [-0.9371424300859873, 0.0, 0.0, 5.186372428844064, 1.0914373489967295, -8.149787010746927,
     -18.52006565999696, 22.739487099350505, 2.4936055526796523, -3.0467644718982196, 0.0, 0.0, 0.0, 0.0,
     0.0, 0.0],
    [2.273310147516538, 0.0, 0.0, -10.53449546673725, -2.0008720582248625, -17.9589318631188,
     27.94888452941996, -2.8589982771350235, -8.87285693353063, 12.360567175794303, 0.6433927460157636,
     0.0, 0.0, 0.0, 0.0, 0.0],
    [0.054293734116568765, 0.0, 0.0, 0.0, 0.0, 4.450312892752409, 1.8915178993145003, -5.801203960010585,
     0.3111643669578199, -0.1521609496625161, 0.20136540080403034, 0.04471061572777259, 0.0, 0.0, 0.0, 0.0],
    [0.056167502283047954, 0.0, 0.0, 0.0, 0.0, 0.0, 0.25350021021662483, -0.2462390374708025,
     -0.12419142326381637, 0.15329179827876568, 0.00820105229563469, 0.007567897660545699, -0.008298, 0.0,
     0.0, 0.0],
    [0.03183464816350214, 0.0, 0.0, 0.0, 0.0, 0.028300909672366776, 0.053541988307438566,
     -0.05492374857139099, 0.0, 0.0, -0.00010834732869724932, 0.0003825710908356584,
     -0.00034046500868740456, 0.1413124436746325, 0.0, 0.0],
    [-0.42889630158379194, 0.0, 0.0, 0.0, 0.0, -4.697621415361164, 7.683421196062599, 4.06898981839711,
     0.3567271874552811, 0.0, 0.0, 0.0, -0.0013990241651590145, 2.9475147891527724, -9.15095847217987, 0.0],
])  # fmt: skip
B = np.array([
    0.054293734116568765, 0.0, 0.0, 0.0, 0.0, 4.450312892752409, 1.8915178993145003, -5.801203960010585,
    0.3111643669578199, -0.1521609496625161, 0.20136540080403034, 0.04471061572777259,
])  # fmt: skip
E3 = np.array([
    -0.18980075407240762, 0.0, 0.0, 0.0, 0.0, 4.450312892752409, 1.8915178993145003, -5.801203960010585,
    -0.4226823213237919, -0.1521609496625161, 0.20136540080403034, 0.02265179219836082,
])  # fmt: skip
E5 = np.array([
    0.01312004499419488, 0.0, 0.0, 0.0, 0.0, -1.2251564463762044, -0.4957589496572502, 1.6643771824549864,
    -0.35032884874997366, 0.3341791187130175, 0.08192320648511571, -0.022355307863886294,
])  # fmt: skip
# the one combination of the first stage and those from the sixth on that is of order 6: of a smooth solution
# it is little beside that of order 5, and after a bend of the rates it does not vanish where that does
E6 = np.array([
    -0.010910003252145457, 0.0, 0.0, 0.0, 0.0, 2.962113874174225, 0.9142153319848817, -3.7303952772665347,
    0.3108698991355219, -0.43407594392938, -0.011817880846569618, 0.0,
])  # fmt: skip
D = np.array([
    [-8.428938276109013, 0.0, 0.0, 0.0, 0.0, 0.5667149535193777, -3.0689499459498917, 2.38466765651207,
     2.117034582445028, -0.871391583777973, 2.2404374302607883, 0.6315787787694688, -0.08899033645133331,
     18.148505520854727, -9.194632392478356, -4.436036387594894],
    [10.427508642579134, 0.0, 0.0, 0.0, 0.0, 242.28349177525817, 165.20045171727028, -374.5467547226902,
     -22.113666853125306, 7.733432668472264, -30.674084731089398, -9.332130526430229, 15.697238121770845,
     -31.139403219565178, -9.35292435884448, 35.81684148639408],
    [19.985053242002433, 0.0, 0.0, 0.0, 0.0, -387.0373087493518, -189.17813819516758, 527.8081592054236,
     -11.57390253995963, 6.8812326946963, -1.0006050966910838, 0.7777137798053443, -2.778205752353508,
     -60.19669523126412, 84.32040550667716, 11.99229113618279],
    [-25.69393346270375, 0.0, 0.0, 0.0, 0.0, -154.18974869023643, -231.5293791760455, 357.6391179106141,
     93.40532418362432, -37.45832313645163, 104.0996495089623, 29.8402934266605, -43.53345659001114,
     96.32455395918828, -39.17726167561544, -149.72683625798564],
])  # fmt: skip


@jit
def explicit_step(plan, sample, t, h, state, work):
    """Advance one step of length h, and leave the new state and its error estimate in ``work``.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    t, h : float
        Start and length of the step [s].
    state : float64[n]
        At the start.
    work : rosenbrock.Work
        ``rate`` is that of the start. Written: ``new``, the state at the end, ``error``, and ``stages``, the
        rates on the way.
    """
    n = state.size
    k = work.stages
    copy(k[0], work.rate)
    for s in range(1, STAGES):
        _set_state(s, h, state, k, work.new)
        sample.clock[0] = t + C[s] * h
        rates(plan, sample, work.new, work.right)
        copy(k[s], work.right)
    for i in range(n):
        work.last[i] = work.new[i]  # the argument of the last stage: `stiffness` wants it
        change, err6, err5, err3 = 0.0, 0.0, 0.0, 0.0
        for s in range(STAGES):
            change += B[s] * k[s, i]
            err6 += E6[s] * k[s, i]
            err5 += E5[s] * k[s, i]
            err3 += E3[s] * k[s, i]
        work.new[i] = state[i] + h * change
        work.error[i] = h * believed_error(k[0, i], k[STAGES - 1, i], change, err6, err5, err3)


@jit_inline
def believed_error(first, last, change, err6, err5, err3):
    """Error of a step over its length: what the embedded ones of orders 6, 5 and 3 tell together.

    Parameters
    ----------
    first, last, change : float
        Rates at the first and the last stage, and that of the step as a whole.
    err6, err5, err3 : float
    """
    err3 = abs(err3)
    whole = 0.5 * (abs(first) + abs(last)) + abs(change)
    share = err3 / whole if whole > err3 else 1.0
    # err3 goes with the fourth power of the step, and err5 with the sixth
    least = _LEAST * err3 * exp(2.0 / 3.0 * log(share)) if share > 0.0 else 0.0
    square = (err5 * err5 if abs(err5) > least else least * least) + err6 * err6
    size = math.sqrt(square + 0.01 * err3 * err3)
    # of order 7 both; the second is for stages that hardly agree
    error = _CAUTION * (square / size)
    rough = 0.5 * err6 * err6 / math.sqrt(square)
    error = rough if rough > error else error
    return error if square != 0.0 else 0.0


@jit
def doubt_step(h, share, work):
    """Take a share of the embedded error of order 3 for that of a step in which the rates had a bend.

    The estimate supposes a smooth solution, of which that of order 5 is as much better as it seems.
    """
    for i in range(work.new.size):
        err3 = 0.0
        for s in range(STAGES):
            err3 += E3[s] * work.stages[s, i]
        work.error[i] = max(abs(work.error[i]), share * abs(h * err3))


@jit
def end_rates(plan, sample, t_end, work):
    """Take the rates at the end of an accepted step, which begin the next one, into row 12 of the stages."""
    sample.clock[0] = t_end
    rates(plan, sample, work.new, work.right)
    copy(work.stages[STAGES], work.right)


@jit
def stiffness(h, work):
    """Step times an estimate of the largest eigenvalue; the method is stable up to about 6.

    Between the last stage and the end of a step, which lie at the same time, the rates differ by the state
    only. Written for a step whose `end_rates` are there.
    """
    by_rate, by_state = 0.0, 0.0
    for i in range(work.new.size):
        rate = (work.stages[STAGES, i] - work.stages[STAGES - 1, i]) / work.scale[i]
        state = (work.new[i] - work.last[i]) / work.scale[i]
        by_rate += rate * rate
        by_state += state * state
    return h * math.sqrt(by_rate / by_state) if by_state > 0.0 else 0.0


@jit
def prepare_explicit_dense(plan, sample, t, h, state, work):
    """Turn the stages of an accepted step, with its `end_rates`, into the coefficients of `dense_state`."""
    k = work.stages
    sample.aside[0] = 1
    for s in range(STAGES + 1, ROWS):
        _set_state(s, h, state, k, work.last)
        sample.clock[0] = t + C[s] * h
        rates(plan, sample, work.last, work.right)
        copy(k[s], work.right)
    sample.aside[0] = 0
    for i in range(state.size):
        change = work.new[i] - state[i]
        f1 = h * k[0, i] - change
        f2 = 2.0 * change - h * (k[STAGES, i] + k[0, i])
        f3, f4, f5, f6 = 0.0, 0.0, 0.0, 0.0
        for s in range(ROWS):
            f3 += D[0, s] * k[s, i]
            f4 += D[1, s] * k[s, i]
            f5 += D[2, s] * k[s, i]
            f6 += D[3, s] * k[s, i]
        f3, f4, f5, f6 = h * f3, h * f4, h * f5, h * f6
        # y = y0 + x (y1 - y0 + (1-x)(f1 + x (f2 + (1-x)(f3 + x (f4 + (1-x)(f5 + x f6)))))), by powers of x
        work.dense[0, i] = f1
        work.dense[1, i] = f2 + f3
        work.dense[2, i] = f4 + f5 - f3
        work.dense[3, i] = f6 - 2.0 * f5 - f4
        work.dense[4, i] = f5 - 2.0 * f6
        work.dense[5, i] = f6


@jit
def _set_state(s, h, state, k, out):
    """Argument of stage s."""
    copy(out, state)
    for j in range(s):
        weight = A[s, j]
        if weight != 0.0:
            weight *= h
            for i in range(out.size):
                out[i] += weight * k[j, i]
