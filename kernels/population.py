"""Flow of a population of cracks: the sum over all of them."""

from .crack import geometry_flow, geometry_flow_slopes
from .crack_lanes import LANES, flow_in_lanes, set_lanes
from .jit import jit
from .opening import moving_flow, moving_flow_slopes
from .volumes import donor

# cracks from which lanes side by side are faster than one after the other
_ENOUGH = 6


@jit
def population_flow(plan, sample, p, p_source, p_sink):
    """Flow through the cracks of path p at given pressures and the gas last looked at [kg/s].

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    p : int
    p_source, p_sink : float
        [Pa]
    """
    gas = sample.volumes[donor(plan, sample, p, p_source >= p_sink)]
    RT, mu = gas["gas_constant"] * gas["temperature"], gas["viscosity"]
    ratio, flow2 = gas["critical_ratio"], gas["critical_flow2"]
    moves = plan.paths[p]["moves"] > 0
    elliptic = plan.paths[p]["elliptic"] > 0
    age = sample.clock[0] - sample.paths[p]["started"]
    first = sample.paths[p]["crack_start"]
    flow = 0.0
    count = sample.paths[p]["crack_count"]
    if not moves and count >= _ENOUGH and max(p_source, p_sink) > 0.0:
        p1, p2 = max(p_source, p_sink), min(p_source, p_sink)
        start = first // LANES + p
        if sample.paths[p]["in_lanes"] == 0:
            set_lanes(sample.geometry, first, count, sample.order, sample.lanes, start)
            sample.paths[p]["in_lanes"] = 1
        flow = flow_in_lanes(p1, p2, RT, mu, ratio, flow2, sample.lanes, start, count, sample.work)
        return flow if p_source >= p_sink else -flow
    for i in range(first, first + count):
        if moves:
            crack = sample.moving[i]
            flow += moving_flow(p_source, p_sink, RT, mu, ratio, flow2, crack, elliptic, age)
        else:
            flow += geometry_flow(p_source, p_sink, RT, mu, ratio, flow2, sample.geometry[i])
    return flow


@jit
def population_flow_slopes(plan, sample, p, p_source, p_sink):
    """Return `population_flow` and its derivatives by the two pressures [kg/s, kg/(s Pa), kg/(s Pa)]."""
    gas = sample.volumes[donor(plan, sample, p, p_source >= p_sink)]
    RT, mu = gas["gas_constant"] * gas["temperature"], gas["viscosity"]
    ratio, flow2 = gas["critical_ratio"], gas["critical_flow2"]
    moves = plan.paths[p]["moves"] > 0
    elliptic = plan.paths[p]["elliptic"] > 0
    age = sample.clock[0] - sample.paths[p]["started"]
    first = sample.paths[p]["crack_start"]
    flow, by_source, by_sink = 0.0, 0.0, 0.0
    for i in range(first, first + sample.paths[p]["crack_count"]):
        if moves:
            crack = sample.moving[i]
            one = moving_flow_slopes(p_source, p_sink, RT, mu, ratio, flow2, crack, elliptic, age)
        else:
            one = geometry_flow_slopes(p_source, p_sink, RT, mu, ratio, flow2, sample.geometry[i])
        flow += one[0]
        by_source += one[1]
        by_sink += one[2]
    return flow, by_source, by_sink
